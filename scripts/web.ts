/**
 * Builds the demo page: web/ and the sources that it imports, bundled into files that any static
 * host can serve.
 */
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..");

/** Files that go out as they are. */
const STATIC = ["index.html", "style.css"];
/** Bundled; the page starts the worker by its name, so names are fixed. */
const ENTRIES = ["main.ts", "worker.ts"];

/** @returns the content of each file of the page by its path, "/index.html" */
export async function buildWeb(): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {};
  for (const name of STATIC) files[`/${name}`] = readFileSync(join(ROOT, "web", name));
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
    banner: {
      js: "/*! zmem, MIT License. Contains @assemblyscript/loader, Apache License 2.0, Copyright the AssemblyScript authors. */",
    },
  });
  for (const { path, contents } of result.outputFiles) {
    files[`/${path.slice(path.lastIndexOf("/") + 1)}`] = contents;
  }
  return files;
}
