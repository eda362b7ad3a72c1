/**
 * Builds the demo page: web/ and the sources that it imports, bundled into files that any static
 * host can serve.
 *
 * Why so: what the page fetches when it opens is small (index.html, style.css, main.js, worker.js and
 * the chunks that they share). SQLite, a program that the demo can run, the pool that workers share,
 * and the benchmarks are fetched only when wanted.
 */
import { build, type Plugin } from "esbuild";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { buildBenchPage } from "../bench/browser-page.ts";

const ROOT = join(import.meta.dirname, "..");

/** Bundled; the page starts workers by their names, so names are fixed. */
const ENTRIES = [
  "main.ts",
  "worker.ts",
  "put-worker.ts",
  "sqlite.ts",
  "bench-compare.ts",
  "style.css",
];

/** The files of the page by path, "/index.html". */
export type WebFiles = Record<string, Uint8Array | string>;

/** A run of the benchmarks in Node, to compare with; null in its place says that there is none. */
const REFERENCE = join(ROOT, "bench/results/reference.json");

/** The comparison of benchmark files is a command as well; in a page it has no files to read. */
const withoutFiles: Plugin = {
  name: "without-files",
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:(fs|util)$/ }, ({ path }) => ({ path, namespace: "absent" }));
    onLoad({ filter: /.*/, namespace: "absent" }, ({ path }) => ({
      contents: `
        const refuse = () => { throw new Error("a page has no ${path}"); };
        export { refuse as readFileSync, refuse as parseArgs };`,
    }));
  },
};

/** A page of web/ with its panels, which are files of their own, in the places that name them. */
function readPage(path: string): string {
  return readFileSync(join(ROOT, "web", path), "utf8").replace(
    /<!-- panel: (\w+) -->/g,
    (_, name: string) => readPage(`panels/${name}.html`),
  );
}

/** @returns the content of each file of the page by its path */
export async function buildWeb(): Promise<WebFiles> {
  const files: WebFiles = await buildBenchPage(new Map());
  files["/index.html"] = readPage("index.html");
  files["/bench-reference.json"] = existsSync(REFERENCE) ? readFileSync(REFERENCE) : "null";
  const sqlite = createRequire(import.meta.url).resolve("sql.js/dist/sql-wasm-browser.wasm");
  files["/sqlite.wasm"] = readFileSync(sqlite);
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((name) => `web/${name}`),
    outdir: "dist-web",
    bundle: true,
    // What a worker fetches only when it is wanted, and what several have in common.
    splitting: true,
    chunkNames: "chunk-[hash]",
    write: false,
    format: "esm",
    platform: "browser",
    target: ["es2022"],
    minify: true,
    legalComments: "none",
    plugins: [withoutFiles],
    define: { "process.argv": "[]" },
    banner: {
      js: "/*! zmem, MIT License. Contains @assemblyscript/loader, Apache License 2.0, Copyright the AssemblyScript authors. */",
    },
  });
  for (const { path, contents } of result.outputFiles) {
    files[`/${path.slice(path.lastIndexOf("/") + 1)}`] = contents;
  }
  return files;
}

/** What the page fetches when it opens; the rest waits until it is wanted. */
export function openingFiles(files: WebFiles): string[] {
  const names = new Set(["/index.html", "/style.css", "/main.js", "/worker.js"]);
  for (const name of names) {
    const content = files[name] ?? "";
    const text = typeof content === "string" ? content : new TextDecoder().decode(content);
    if (!name.endsWith(".js")) continue;
    for (const [, chunk] of text.matchAll(/(?:from|import)\s*"\.(\/chunk-\w+\.js)"/g)) {
      names.add(chunk as string);
    }
  }
  return [...names];
}
