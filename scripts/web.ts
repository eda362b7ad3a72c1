/**
 * Builds the demo page: web/ and the sources that it imports, bundled into files that any static
 * host can serve.
 *
 * Why so: what the page fetches when it opens is small (index.html, style.css, main.js, worker.js);
 * SQLite, a program that the demo can run, and the benchmarks are fetched only when wanted.
 */
import { build, type Plugin } from "esbuild";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { buildBenchPage } from "../bench/browser-page.ts";

const ROOT = join(import.meta.dirname, "..");

/** Bundled; the page starts the worker by its name, so names are fixed. */
const ENTRIES = ["main.ts", "worker.ts", "sqlite.ts", "bench-compare.ts", "style.css"];

/** What the page fetches when it opens; the rest waits until it is wanted. */
export const OPENING_FILES = ["/index.html", "/style.css", "/main.js", "/worker.js"];

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

/** @returns the content of each file of the page by its path, "/index.html" */
export async function buildWeb(): Promise<Record<string, Uint8Array | string>> {
  const files = await buildBenchPage(new Map());
  files["/index.html"] = readFileSync(join(ROOT, "web/index.html"));
  files["/bench-reference.json"] = existsSync(REFERENCE) ? readFileSync(REFERENCE) : "null";
  const sqlite = createRequire(import.meta.url).resolve("sql.js/dist/sql-wasm-browser.wasm");
  files["/sqlite.wasm"] = readFileSync(sqlite);
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES.map((name) => `web/${name}`),
    outdir: "dist-web",
    bundle: true,
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
