/**
 * The shared pool in a real browser: a page and four web workers on one memory, workers terminated
 * while they run, and what a page without the isolation headers is told.
 */
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { launchBrowser } from "./launch.ts";
import type { BrowserStress } from "./shared-backend-page.ts";
import { bundleSharedPage, callPage } from "./shared-page.ts";

const seed = Number(process.env.ZMEM_SEED ?? Date.now() % 2 ** 31);
const test = suite("browser, shared pool");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
const files = await bundleSharedPage("shared-backend", {
  "/zmem.wasm": readFileSync(new URL("../../build/zmem.shared-testing.wasm", import.meta.url)),
});

test.after(() => launched?.close());

for (const [name, milliseconds, kills] of [
  ["a page and four workers", 8000, 0],
  ["workers terminated while they run", 20_000, 4],
] as const) {
  inBrowser(name, async () => {
    const args = ["/zmem.wasm", seed, milliseconds, kills];
    const call = { files, isolated: true, name: "runShared", args };
    const seen = await callPage<BrowserStress>(launched, call);
    console.log(`seed ${seed}, ${name}: ${JSON.stringify(seen)}`);
    assert.equal(seen.violations, []);
    assert.ok(seen.calls > 1000 && seen.mainCalls > 100, "calls were made");
    assert.ok(kills === 0 || seen.kills === kills, "workers were terminated");
    assert.equal([seen.check, seen.pagesLeft, seen.payloadLeft], [0, 0, 0]);
  });
}

inBrowser("a page that is not isolated is told which headers are missing", async () => {
  const call = { files, isolated: false, name: "createHere", args: ["/zmem.wasm"] };
  const said = await callPage<string>(launched, call);
  assert.match(said, "ERR_ZMEM_UNSUPPORTED");
  assert.match(said, "Cross-Origin-Opener-Policy");
  assert.match(said, "Cross-Origin-Embedder-Policy");
});

test.run();
