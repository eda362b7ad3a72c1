/**
 * What is done to a pool in a real browser: pausing and cancelling, holes, compaction and trim, limits,
 * and devices that take, refuse, fill up and fail.
 */
import * as assert from "uvu/assert";
import {
  act,
  demoSuite,
  inWorker,
  isDisabled,
  press,
  readReport,
  textOf,
  waitForEnd,
  waitForStatus,
} from "./demo-page.ts";

const { test, inBrowser, open } = await demoSuite("demo pool");

inBrowser("holes, compaction and trim are told in bytes, and memory held goes down", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const held = async (): Promise<number> => (await readReport(page)).totals["heldBytes"] ?? 0;
      const gets = (await readReport(page)).totals["getCount"] ?? 0;
      assert.is(
        await act(page, "read"),
        "Got 4,000 pages, the first ones more often than the last: writeback will spare these longest.",
      );
      assert.is((await readReport(page)).totals["getCount"], gets + 4000);
      assert.match(await act(page, "recompress"), /^Tried [\d,]+ blocks .* saved\.$/);
      const start = await held();
      assert.match(await act(page, "forget"), /^Forgot [\d,]+ pages/);
      assert.match(await act(page, "compact"), /^Compacted in \d+ ms: moved [\d,]+ objects/);
      assert.is(await held(), start);
      assert.match(await act(page, "trim"), /^Trimmed: memory held went from/);
      assert.ok((await held()) < start * 0.8, `${start} bytes before, ${await held()} after`);
      const report = await readReport(page);
      assert.is(
        report.forms["not held"],
        report.totals["pages"]! -
          report.totals["compressedPages"]! -
          report.totals["rawPages"]! -
          report.totals["sameFilledPages"]!,
      );
    },
    { hash: "" },
  ),
);

inBrowser("a new run begins with an empty bar, whatever was still to be shown of the last", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      // Again at the very moment at which it can be asked for; then what the bar says until pages come.
      const filled = await page.evaluate(async () => {
        const [restart, status, bar] = ["restart", "status", "progress"].map((id) =>
          document.getElementById(id),
        ) as [HTMLElement, HTMLElement, HTMLElement];
        let seen = 0;
        for (let runs = 0; runs < 6; runs++) {
          restart.click();
          while (!restart.hidden || status.textContent?.endsWith("preparing …") === true) {
            if (restart.hidden && bar.hasAttribute("value")) seen += 1;
            await new Promise((resolve) => setTimeout(resolve));
          }
          while (restart.hidden) await new Promise((resolve) => setTimeout(resolve));
        }
        return seen;
      });
      assert.is(filled, 0);
    },
    { hash: "source=zeros" },
  ),
);

inBrowser("a limit rejects, and each device takes what is rejected", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const { totals } = await readReport(page);
      assert.ok((totals["rejectedPages"] ?? 0) > 0);
      assert.ok((totals["heldBytes"] ?? Infinity) <= 2 * 1024 ** 2);
      for (const device of ["memory", "opfs", "indexeddb"]) {
        await page.select("#device", device);
        await waitForEnd(page);
        assert.match(await textOf(page, "status"), /every page came back as it was/, device);
        const { totals: held, forms } = await readReport(page);
        assert.is(held["rejectedPages"], 0, device);
        assert.ok((held["devicePages"] ?? 0) > 500, `${device}: ${held["devicePages"]}`);
        // The map knows of every page where it is, also of those that had to make room.
        assert.is(forms["on device"], held["devicePages"], device);
        assert.is(forms["compressed"], held["compressedPages"], device);
      }
    },
    { hash: "source=records&limit=2" },
  ),
);

inBrowser("a browser that refuses storage runs without a device, and says so", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      assert.match(await textOf(page, "note"), /goes on without a swap device/);
      // What was asked for is the link's, what is there the report's.
      assert.is((await readReport(page)).options?.["device"], "none");
      assert.is(await page.evaluate(() => location.hash.includes("device=opfs")), true);
      assert.match(await textOf(page, "status"), /every other came back as it was/);
    },
    {
      hash: "limit=3&device=opfs",
      prepare: inWorker(`
        StorageManager.prototype.getDirectory = () =>
          Promise.reject(new DOMException("no", "SecurityError"));`),
    },
  ),
);

for (const [name, failure, said] of [
  ["fills up", "QuotaExceededError", /^The swap device is full: .* all others stay\.$/],
  ["fails", "InvalidStateError", /^The swap device failed \(.*\)\. The run goes on: /],
] as const) {
  inBrowser(`a device that ${name} in mid-run rejects, says so, and keeps the rest`, () =>
    open(
      async (page) => {
        await waitForEnd(page);
        assert.match(await textOf(page, "note"), said);
        assert.match(await textOf(page, "status"), /every other came back as it was/);
        const { totals, forms } = await readReport(page);
        assert.ok((totals["rejectedPages"] ?? 0) > 500, `${totals["rejectedPages"]} rejected`);
        assert.ok((totals["devicePages"] ?? 0) > 100, `${totals["devicePages"]} on the device`);
        assert.is(forms["on device"], totals["devicePages"]);
        assert.is(forms["rejected"], totals["rejectedPages"]);
      },
      {
        hash: "source=random&limit=3&device=opfs",
        prepare: inWorker(`
          const { write } = FileSystemSyncAccessHandle.prototype;
          let left = 500 * 4096;
          FileSystemSyncAccessHandle.prototype.write = function (bytes, options) {
            if ((left -= bytes.byteLength) < 0) throw new DOMException("no", "${failure}");
            return write.call(this, bytes, options);
          };`),
      },
    ),
  );
}

inBrowser("pause holds, cancel ends, and what was put stays", () =>
  open(
    async (page) => {
      await waitForStatus(page, /putting/);
      await page.keyboard.press("Space");
      await waitForStatus(page, /paused/);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const first = (await readReport(page)).totals?.["putCount"];
      await new Promise((resolve) => setTimeout(resolve, 300));
      assert.is((await readReport(page)).totals?.["putCount"], first, "puts went on");
      await page.keyboard.press("Space");
      await waitForStatus(page, /putting/);
      await page.keyboard.press("Escape");
      await waitForStatus(page, /cancelled after [\d,]+ pages/);
      await page.keyboard.press("r");
      await waitForStatus(page, /putting/);
    },
    { hash: "source=program" },
  ),
);

inBrowser("a sample in the making can be cancelled, and what was there before stays", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const { totals } = await readReport(page);
      await page.select("#source", "database");
      await waitForStatus(page, /preparing/);
      // The pool that is there will be gone before an action on it is done.
      assert.is(await isDisabled(page, "act-forget"), true);
      await page.keyboard.press("Escape");
      await waitForStatus(page, /cancelled before the first page/);
      const report = await readReport(page);
      assert.equal(report.totals, totals);
      assert.equal([report.source, report.name], ["zeros", "Zeros"]);
      // The pool of the run before still answers.
      await page.focus("#map");
      await page.keyboard.press("End");
      await page.waitForFunction(() => document.getElementById("page-body")?.hidden === false);
      await press(page, "act-forget");
      await page.waitForFunction(() =>
        document.getElementById("acted")!.innerText.startsWith("Forgot"),
      );
      assert.ok(((await readReport(page)).forms["not held"] ?? 0) > 1000);
      await press(page, "restart");
      await waitForStatus(page, /preparing|putting/);
    },
    { hash: "source=zeros" },
  ),
);

inBrowser("without a pool nothing can be done to it, and the worker says so if asked", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      for (const action of ["read", "forget", "compact", "trim", "recompress"]) {
        assert.is(await isDisabled(page, `act-${action}`), true, action);
      }
      // Nothing has taken the place of the first pool, which could not be made.
      await page.select("#source", "zeros");
      await waitForEnd(page);
      assert.is(await isDisabled(page, "act-compact"), true);
      await page.evaluate(() => {
        const button = document.getElementById("act-compact") as HTMLButtonElement;
        button.disabled = false;
        button.click();
      });
      await page.waitForFunction(() =>
        document.getElementById("error")?.textContent?.startsWith("There is no pool to work on."),
      );
      assert.is(await page.$eval("#cancel", (button) => (button as HTMLElement).hidden), true);
    },
    {
      hash: "source=file",
      prepare: inWorker(`
        WebAssembly.Memory = class {
          constructor() {
            throw new RangeError("WebAssembly.Memory(): could not allocate memory");
          }
        };`),
    },
  ),
);

inBrowser("one action works at a time, and its button has the focus again afterwards", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      await page.focus("#act-read");
      const others = await page.evaluate(() => {
        document.getElementById("act-read")?.click();
        return (document.getElementById("act-forget") as HTMLButtonElement).disabled;
      });
      assert.is(others, true);
      await page.waitForFunction(() =>
        document.getElementById("acted")?.textContent?.startsWith("Got "),
      );
      assert.is(await isDisabled(page, "act-forget"), false);
      assert.is(await page.evaluate(() => document.activeElement?.id), "act-read");
    },
    { hash: "source=records" },
  ),
);

inBrowser("an action does not undo a cancel that was pressed just before", () =>
  open(
    async (page) => {
      await waitForStatus(page, /putting/);
      await page.waitForFunction(
        () => !(document.getElementById("act-compact") as HTMLButtonElement).disabled,
      );
      await page.evaluate(() => {
        document.getElementById("cancel")?.click();
        document.getElementById("act-compact")?.click();
      });
      await waitForEnd(page);
      assert.match(await textOf(page, "status"), /cancelled after [\d,]+ pages/);
    },
    { hash: "source=program" },
  ),
);

inBrowser("a trim that changed nothing says why", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      await act(page, "forget");
      const held = (await readReport(page)).totals["heldBytes"];
      assert.match(
        await act(page, "trim"),
        /^Nothing was trimmed: .* held\. The browser had no room for a fresh memory beside this one\.$/,
      );
      assert.is((await readReport(page)).totals["heldBytes"], held);
    },
    {
      hash: "source=records",
      prepare: inWorker(`
        addEventListener("message", ({ data }) => {
          if (data.action !== "trim") return;
          WebAssembly.Memory = class {
            constructor() {
              throw new RangeError("WebAssembly.Memory(): could not allocate memory");
            }
          };
        });`),
    },
  ),
);

inBrowser("the inspector shows the page that was chosen last, whichever answers last", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      const choose = (number: number): Promise<void> =>
        page.$eval(
          "#page-number",
          (input, value) => {
            (input as HTMLInputElement).value = String(value);
            input.dispatchEvent(new Event("change"));
          },
          number,
        );
      await choose(7);
      await choose(11);
      const title = (): Promise<string> => textOf(page, "page-title");
      await page.waitForFunction(
        () => document.getElementById("page-title")?.textContent === "Page 11",
      );
      await page.waitForFunction(() => (globalThis as { late?: boolean }).late === true);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.is(await title(), "Page 11");
    },
    {
      hash: "source=records",
      prepare: async (page) => {
        await inWorker(`
          const { postMessage } = globalThis;
          globalThis.postMessage = (message, transfer) => {
            const isLate = message.kind === "page" && message.details.page === 7;
            if (!isLate) return postMessage.call(globalThis, message, transfer);
            setTimeout(() => postMessage.call(globalThis, message, transfer), 500);
          };`)(page);
        // Tells when the late answer has come.
        await page.evaluateOnNewDocument(`
          globalThis.Worker = class extends globalThis.Worker {
            constructor(address, options) {
              super(address, options);
              this.addEventListener("message", ({ data }) => {
                if (data.kind === "page" && data.details.page === 7) globalThis.late = true;
              });
            }
          };`);
      },
    },
  ),
);

test.run();
