/**
 * The conformance suite of backends in a real browser: every case of every backend is a test here,
 * on a cross-origin isolated page, so that shared buffers take part.
 */
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import { releaseInstantiator, testingInstantiator } from "../modules.ts";
import { type CaseResult, conformanceSuites } from "./conformance-suites.ts";
import { launchBrowser } from "./launch.ts";

/** Runs the page. @returns null when this machine has no browser */
async function runInBrowser(): Promise<CaseResult[] | null> {
  const launched = await launchBrowser();
  if (launched === null) return null;
  const bundle = await build({
    entryPoints: [new URL("conformance-page.ts", import.meta.url).pathname],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
  });
  const asset = (name: string): Uint8Array =>
    readFileSync(new URL(`../../build/${name}`, import.meta.url));
  const server = await serve({
    files: {
      "/index.html":
        '<!doctype html><title>x</title><script type="module" src="/page.js"></script>',
      "/page.js": bundle.outputFiles[0]?.contents ?? "",
      "/zmem.wasm": asset("zmem.wasm"),
      "/zmem.testing.wasm": asset("zmem.testing.wasm"),
    },
  });
  try {
    const page = await launched.browser.newPage();
    await page.goto(`${server.url}/`);
    await page.waitForFunction("globalThis.conformanceResults !== undefined", { timeout: 10_000 });
    return (await page.evaluate("globalThis.conformanceResults")) as CaseResult[];
  } finally {
    await server.close();
    await launched.close();
  }
}

const results = await runInBrowser();
for (const { name: suiteName, cases } of conformanceSuites(
  testingInstantiator(),
  releaseInstantiator(),
)) {
  const test = suite(`browser: ${suiteName}`);
  const inBrowser = results === null ? test.skip : test;
  const own = results?.filter((result) => result.suite === suiteName) ?? [];
  for (const [index, { name }] of cases.entries()) {
    inBrowser(name, () => {
      const result = own[index];
      assert.is(result?.name, name, "the browser did not run this case");
      assert.is(result?.error, null, String(result?.error));
    });
  }
  inBrowser("the browser ran no other case", () => assert.is(own.length, cases.length));
  test.run();
}
