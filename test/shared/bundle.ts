/** Bundles a worker's program, so that a thousand workers need not start a TypeScript loader each. */
import { buildSync } from "esbuild";
import { fileURLToPath } from "node:url";

/** @param path relative to this file; @returns CommonJS for `new Worker(code, { eval: true })` */
export function bundleWorker(path: string): string {
  const result = buildSync({
    entryPoints: [fileURLToPath(new URL(path, import.meta.url))],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node20",
  });
  return result.outputFiles[0]?.text ?? "";
}
