/** The long run of the shared pool in a real browser: 20 million calls of four web workers. */
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { launchBrowser } from "../browser/launch.ts";
import type { BrowserStress } from "../browser/shared-backend-page.ts";
import { bundleSharedPage, callPage } from "../browser/shared-page.ts";

const CALLS = Number(process.env.ZMEM_CALLS ?? 20_000_000);
const LIMIT_MS = 35 * 60_000;
const seed = Number(process.env.ZMEM_SEED ?? Date.now() % 2 ** 31);
const test = suite("browser, shared pool, long stress");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
const files = await bundleSharedPage("shared-backend", {
  "/zmem.wasm": readFileSync(new URL("../../build/zmem.shared-testing.wasm", import.meta.url)),
});

test.after(() => launched?.close());

inBrowser(`${CALLS} calls of four workers, the page taking part`, async () => {
  const args = ["/zmem.wasm", seed, LIMIT_MS, 0, CALLS];
  const call = { files, isolated: true, name: "runShared", args, timeoutMs: LIMIT_MS + 60_000 };
  const seen = await callPage<BrowserStress>(launched, call);
  console.log(`seed ${seed}: ${JSON.stringify(seen)}`);
  assert.equal(seen.violations, []);
  assert.ok(seen.calls >= CALLS, `${seen.calls} calls`);
  assert.equal([seen.check, seen.pagesLeft, seen.payloadLeft], [0, 0, 0]);
});

test.run();
