/** The long run of the shared pool in a real browser: 20 million calls of four web workers. */
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { launchBrowser } from "../browser/launch.ts";
import type { BrowserStress } from "../browser/shared-backend-page.ts";
import { bundleSharedPage, callPage } from "../browser/shared-page.ts";

const CALLS = Number(process.env.ZMEM_CALLS ?? 20_000_000);
/** The protocol of the browser lets one call take three minutes. */
const RUN_MS = 60_000;
const seed = Number(process.env.ZMEM_SEED ?? Date.now() % 2 ** 31);
const test = suite("browser, shared pool, long stress");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
const files = await bundleSharedPage("shared-backend", {
  "/zmem.wasm": readFileSync(new URL("../../build/zmem.shared-testing.wasm", import.meta.url)),
});

test.after(() => launched?.close());

inBrowser(
  `${CALLS} calls of four workers, the page taking part, a minute with each pool`,
  async () => {
    let calls = 0;
    for (let run = 0; calls < CALLS; run++) {
      const args = ["/zmem.wasm", seed + run, RUN_MS, 0];
      const call = { files, isolated: true, name: "runShared", args, timeoutMs: 3 * RUN_MS };
      const seen = await callPage<BrowserStress>(launched, call);
      console.log(`seed ${seed + run}: ${JSON.stringify(seen)}`);
      assert.equal(seen.violations, []);
      assert.ok(seen.calls > 0, "calls were made");
      assert.equal([seen.check, seen.pagesLeft, seen.payloadLeft], [0, 0, 0]);
      calls += seen.calls;
    }
  },
);

test.run();
