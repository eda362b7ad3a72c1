/**
 * The shared pool in a real browser: a page and four web workers on one memory, workers terminated
 * while they run, and what a page without the isolation headers is told.
 */
import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import { launchBrowser } from "../browser/launch.ts";
import type { BrowserStress } from "../browser/shared-backend-page.ts";

const seed = Number(process.env.ZMEM_SEED ?? Date.now() % 2 ** 31);
const test = suite("browser, shared pool");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
const files = await bundle();

test.after(() => launched?.close());

async function bundle(): Promise<Record<string, string | Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: ["shared-backend-page.ts", "shared-backend-worker.ts"].map(
      (name) => `${import.meta.dirname}/../browser/${name}`,
    ),
    outdir: "out",
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: ["es2022"],
  });
  const bundled: Record<string, string | Uint8Array> = {
    "/index.html": '<!doctype html><script type="module" src="/shared-backend-page.js"></script>',
    "/zmem.wasm": readFileSync(new URL("../../build/zmem.shared-testing.wasm", import.meta.url)),
  };
  for (const { path, contents } of outputFiles) {
    bundled[`/${path.slice(path.lastIndexOf("/") + 1)}`] = contents;
  }
  return bundled;
}

/** What shared-backend-page.ts has put there. */
interface PageGlobals {
  runShared(
    wasm: string,
    seed: number,
    milliseconds: number,
    kills: number,
  ): Promise<BrowserStress>;
  createHere(wasm: string): Promise<string>;
}

/** Opens a page and runs one of its functions. */
async function inPage<Result>(
  isolated: boolean,
  name: keyof PageGlobals,
  ...args: number[]
): Promise<Result> {
  assert.ok(launched);
  const server = await serve({ files, isolated });
  const page = await launched.browser.newPage();
  try {
    page.setDefaultTimeout(120_000);
    await page.goto(`${server.url}/`);
    await page.waitForFunction(() => "runShared" in globalThis);
    return (await page.evaluate(
      (called, given) =>
        (globalThis as unknown as Record<string, (...all: unknown[]) => unknown>)[called]?.(
          "/zmem.wasm",
          ...given,
        ),
      name,
      args,
    )) as Result;
  } finally {
    await page.close();
    await server.close();
  }
}

for (const [name, kills] of [
  ["a page and four workers", 0],
  ["workers terminated while they run", 4],
] as const) {
  inBrowser(name, async () => {
    const seen = await inPage<BrowserStress>(true, "runShared", seed, kills ? 20_000 : 8000, kills);
    console.log(`seed ${seed}, ${name}: ${JSON.stringify(seen)}`);
    assert.equal(seen.violations, []);
    assert.ok(seen.calls > 1000 && seen.mainCalls > 100, "calls were made");
    assert.ok(kills === 0 || seen.kills === kills, "workers were terminated");
    assert.equal([seen.check, seen.pagesLeft, seen.payloadLeft], [0, 0, 0]);
  });
}

inBrowser("a page that is not isolated is told which headers are missing", async () => {
  const said = await inPage<string>(false, "createHere");
  assert.match(said, "ERR_ZMEM_UNSUPPORTED");
  assert.match(said, "Cross-Origin-Opener-Policy");
  assert.match(said, "Cross-Origin-Embedder-Policy");
});

test.run();
