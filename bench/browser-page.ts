/**
 * The files of the bench page: the page itself, its worker with all cases, the peers' wasm files and
 * the corpora.
 *
 * Why so: the worker is bundled from the same case files that Node runs. A peer that is written for
 * bundlers imports its wasm file as if it were a script; the plugin below does what those bundlers
 * do. Corpora are the ones that Node has made: what a fresh browser could not make by itself.
 */
import { build, type Plugin } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Corpus } from "./corpora/corpus.ts";
import { buildModule } from "./peers/codec-module.ts";
import { ownVersion } from "./peers/node-stores.ts";
import { peerVersions } from "./peers/node.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const ZSTD_WASM = "node_modules/@bokuweb/zstd-wasm/dist/web/zstd.wasm";

/** Turns `import * as wasm from "./x.wasm"` into an instance made at once, which workers may. */
const inlineWasm: Plugin = {
  name: "inline-wasm",
  setup: ({ onLoad }) => {
    onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
      const bytes = readFileSync(path);
      const module = new WebAssembly.Module(bytes);
      const sources = [...new Set(WebAssembly.Module.imports(module).map((item) => item.module))];
      const names = WebAssembly.Module.exports(module).map(({ name }) => name);
      const contents = [
        ...sources.map((source, at) => `import * as glue${at} from ${JSON.stringify(source)};`),
        `const bytes = Uint8Array.from(atob("${bytes.toString("base64")}"), (c) => c.charCodeAt(0));`,
        `const imports = {${sources.map((source, at) => `${JSON.stringify(source)}: glue${at}`).join()}};`,
        "const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);",
        ...names.map((name, at) => `const e${at} = exports[${JSON.stringify(name)}];`),
        `export { ${names.map((name, at) => `e${at} as ${name}`).join(", ")} };`,
      ];
      return { contents: contents.join("\n"), loader: "js" };
    });
  },
};

/**
 * @param corpora served beside the page; with none it makes what a page can make by itself
 * @returns the content of each file by its path; `/bench.html` is the page
 */
export async function buildBenchPage(
  corpora: ReadonlyMap<string, Corpus>,
): Promise<Record<string, Uint8Array | string>> {
  const files: Record<string, Uint8Array | string> = {};
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["web/bench.ts", "web/bench-worker.ts"],
    outdir: "dist-web",
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: ["es2022"],
    logLevel: "error",
    plugins: [inlineWasm],
    define: {
      __BENCH_VERSION__: JSON.stringify(ownVersion()),
      __BENCH_VERSIONS__: JSON.stringify(peerVersions()),
    },
  });
  for (const { path, contents } of outputFiles) {
    files[`/${path.slice(path.lastIndexOf("/") + 1)}`] = contents;
  }
  files["/bench.html"] = readFileSync(join(ROOT, "web/bench.html"));
  files["/zstd.wasm"] = readFileSync(join(ROOT, ZSTD_WASM));
  files["/zmem.codec.wasm"] = await buildModule("codec");
  if (corpora.size > 0) {
    const manifest = [...corpora.values()].map((corpus) => ({ ...corpus, bytes: undefined }));
    files["/corpora/manifest.json"] = JSON.stringify(manifest);
  }
  for (const { name, bytes } of corpora.values()) files[`/corpora/${name}.bin`] = bytes;
  return files;
}
