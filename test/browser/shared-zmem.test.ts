/**
 * The entry zmem/shared in a real browser: the main thread takes part and only spins, and workers
 * are terminated in the middle of their calls, which takes Chromium about 2 s each. Without
 * isolation the error names the headers.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { launchBrowser } from "./launch.ts";
import { bundleSharedPage, callPage } from "./shared-page.ts";
import type { AttendanceReport, SharedReport } from "./shared-zmem-page.ts";

const test = suite("browser: zmem/shared");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
const files = await bundleSharedPage("shared-zmem");

test.after(() => launched?.close());

inBrowser("main thread and 3 web workers on the same pages, 9 terminated in all", async () => {
  const call = { files, isolated: true, name: "runShared", args: [6] };
  const report = await callPage<SharedReport>(launched, call);
  assert.equal(report.violations, []);
  assert.is(report.terminations, 9);
  assert.ok(report.workerCalls >= 3000 && report.mainCalls > 200, JSON.stringify(report));
  const [bits, ...counts] = report.counts;
  assert.equal(counts, [bits, bits]);
  assert.equal(report.left, [0, 0]);
  console.log(`${report.workerCalls} calls of workers, ${report.mainCalls} puts of the page`);
});

inBrowser("who has left is not waited for, and an attachment is good for one worker", async () => {
  const call = { files, isolated: true, name: "attendShared", timeoutMs: 20_000 };
  const { tookPart, again, locks } = await callPage<AttendanceReport>(launched, call);
  assert.is(tookPart, false);
  assert.match(again[0] ?? "", /was kept for a worker that uses it/);
  assert.match(again[1] ?? "", /used before/);
  assert.equal(locks, [2, 1]);
});

inBrowser(
  "a page that is not cross-origin isolated is told which headers are missing",
  async () => {
    const message = await callPage<string>(launched, {
      files,
      isolated: false,
      name: "failShared",
    });
    assert.match(message, /Cross-Origin-Opener-Policy: same-origin/);
    assert.match(message, /Cross-Origin-Embedder-Policy: require-corp/);
  },
);

test.run();
