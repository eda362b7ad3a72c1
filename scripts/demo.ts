/**
 * `npm run demo` builds the demo page and serves it, cross-origin isolated, until it is ended.
 * `npm run demo:build` writes it to dist-web/, ready for any static host.
 *
 * The page's build imports sources that import the module as text, so it is loaded once that is there.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "./serve.ts";
import { buildWasm } from "./wasm.mjs";

const DEFAULT_PORT = 8080;

await buildWasm();
const { buildWeb } = await import("./web.ts");
const files = await buildWeb();
if (process.argv.includes("--build")) {
  const folder = join(import.meta.dirname, "../dist-web");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [path, content] of Object.entries(files)) {
    writeFileSync(join(folder, path), content);
    console.log(`dist-web${path}: ${content.length} bytes`);
  }
} else {
  const port = Number(process.env["PORT"] ?? DEFAULT_PORT);
  const { url } = await serve({ files, port }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EADDRINUSE") throw error;
    throw new Error(`port ${port} is taken: set PORT to another`, { cause: error });
  });
  console.log(`The demo is at ${url}/ (Ctrl-C ends it)`);
}
