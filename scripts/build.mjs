/**
 * `npm run build`: the modules, then the bundles and declarations, then their sizes against the
 * limits. `--wasm` stops after the modules. Ends with exit code 1 when something does not compile
 * or a size is over its limit.
 */
import { buildWasm } from "./wasm.mjs";

try {
  for (const line of await buildWasm()) console.log(line);
  if (!process.argv.includes("--wasm")) {
    const { buildDist, measureSizes } = await import("./bundle.mjs");
    await buildDist();
    for (const { file, gzip, limit, actual, fits } of measureSizes()) {
      const what = gzip ? `${file}, gzipped` : file;
      console.log(`${what}: ${actual} of ${limit} bytes${fits ? "" : ", TOO BIG"}`);
      if (!fits) process.exitCode = 1;
    }
  }
} catch (error) {
  console.error(`build failed: ${error.message}`);
  process.exitCode = 1;
}
