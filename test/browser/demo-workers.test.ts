/**
 * Several workers that put into one shared pool, in a real browser: what they keep, what is said of it,
 * what can't be had with them, and that one that stops or hangs costs no page.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Page } from "puppeteer-core";
import * as assert from "uvu/assert";
import {
  act,
  demoFiles,
  demoSuite,
  figureOf,
  isDisabled,
  findViolations,
  folder,
  pickFile,
  press,
  readReport,
  textOf,
  valueOf,
  waitForEnd,
  waitForStatus,
} from "./demo-page.ts";

const { test, inBrowser, open } = await demoSuite("demo workers");

/** Waits until the page has so many workers, those that put among them. */
async function waitForWorkers(page: Page, count: number): Promise<void> {
  const until = Date.now() + 10_000;
  while (page.workers().length !== count && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.is(page.workers().length, count);
}

/** 6 MiB of text, each page another. */
function writeText(): string {
  const path = join(folder, "text.bin");
  const lines = Array.from({ length: 300_000 }, (_, id) => `line ${id} of ${id * 7919}\n`);
  writeFileSync(path, lines.join("").slice(0, 6 * 1024 ** 2));
  return path;
}

inBrowser("the number of workers is a control, and what it rules out is said beside it", () =>
  open(async (page) => {
    await pickFile(page, writeText());
    const alone = await readReport(page);
    assert.is(await isDisabled(page, "device"), false);
    await page.select("#device", "memory");
    await waitForEnd(page);
    await page.select("#workers", "3");
    await waitForStatus(page, /^text\.bin: [\d,]+ pages in .* as it was\.$/);
    const { totals, forms } = await readReport(page);
    for (const name of ["pages", "dataBytes", "keptBytes", "payloadBytes", "compressedPages"]) {
      assert.is(totals[name], alone.totals[name], name);
    }
    assert.equal(forms, alone.forms);
    assert.is(totals["workers"], 3);
    assert.ok((totals["heldBytes"] ?? 0) > (alone.totals["heldBytes"] ?? Infinity));
    assert.match(await textOf(page, "shared-note"), /^Counts and payload are what one worker has/);
    assert.match(await textOf(page, "saved"), /at [\d.]+ [MG]B\/s with 3 workers\.$/);
    assert.match(await figureOf(page, "throughput"), /^[\d.]+ [MG]B\/s$/);
    assert.match(await textOf(page, "pool-note"), /^3 workers share one pool: .* memory or none/);
    assert.is(await valueOf(page, "device"), "memory");
    assert.equal(
      await page.$$eval("#device option", (all) =>
        all.filter(({ disabled }) => disabled).map(({ value }) => value),
      ),
      ["opfs", "indexeddb"],
    );
    assert.is(await isDisabled(page, "act-trim"), true);
    assert.match(await textOf(page, "trim-note"), /^A pool that workers share can't be trimmed: /);
    assert.is(await isDisabled(page, "act-recompress"), false);
    assert.equal(await findViolations(page), []);
    assert.is(page.workers().length, 4);
    await page.select("#workers", "1");
    await waitForEnd(page);
    await waitForWorkers(page, 1);
    assert.is(await isDisabled(page, "act-trim"), false);
    assert.is(await page.$eval("#trim-note", (note) => (note as HTMLElement).hidden), true);
    await page.select("#device", "indexeddb");
    await waitForEnd(page);
    await page.select("#workers", "2");
    await waitForEnd(page);
    assert.is(await valueOf(page, "device"), "none");
    // What was asked for before is there again.
    await page.select("#workers", "1");
    await waitForEnd(page);
    assert.is(await valueOf(page, "device"), "indexeddb");
  }),
);

inBrowser("a full pool of several workers moves pages to memory, and the map knows which", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      assert.match(await textOf(page, "status"), /every page came back as it was\.$/);
      const { totals, forms } = await readReport(page);
      assert.is(totals["workers"], 3);
      assert.is(totals["rejectedPages"], 0);
      assert.ok((totals["devicePages"] ?? 0) > 1000, `${totals["devicePages"]} on the device`);
      assert.is(forms["on device"], totals["devicePages"]);
      assert.is(forms["compressed"], totals["compressedPages"]);
      assert.is(forms["raw"], totals["rawPages"]);
      assert.ok((totals["heldBytes"] ?? Infinity) <= 4 * 1024 ** 2);
      assert.match(await textOf(page, "shared-note"), /^Which pages found room depends on/);
      assert.match(await act(page, "recompress"), /^Tried [\d,]+ blocks .* saved\.$/);
      const after = await readReport(page);
      assert.ok((after.totals["payloadBytes"] ?? Infinity) < (totals["payloadBytes"] ?? 0));
      assert.is(after.forms["on device"], after.totals["devicePages"]);
    },
    { hash: "workers=3&limit=4&device=memory&effort=fast" },
  ),
);

inBrowser("a shared pool is read, looked into, forgotten from and compacted", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      await page.type("#page-number", "700\n");
      await page.waitForFunction(
        () => document.getElementById("page-title")?.textContent === "Page 700",
      );
      assert.match(await textOf(page, "page-facts"), /Held as\s+compressed/);
      assert.match(await textOf(page, "page-facts"), /Place\s+zspage \d+, slot \d+/);
      const [literals = 0, copied = 0] = [
        ...(await textOf(page, "sequence")).matchAll(/([\d,]+) (?:bytes are|are copied)/g),
      ].map((match) => Number((match[1] ?? "").replaceAll(",", "")));
      assert.is(literals + copied, 4096);
      assert.match(await act(page, "read"), /^Got [\d,]+ pages/);
      assert.match(await act(page, "forget"), /^Forgot [\d,]+ pages/);
      assert.match(await act(page, "compact"), /^Compacted in \d+ ms: moved [\d,]+ objects/);
      const { totals, forms } = await readReport(page);
      assert.ok((forms["not held"] ?? 0) > 500);
      assert.is((totals["compressedPages"] ?? 0) + (forms["not held"] ?? 0), totals["pages"]);
    },
    { hash: "source=records&workers=2" },
  ),
);

for (const source of ["program", "drawing"] as const) {
  inBrowser(`workers put the pages of a ${source}`, () =>
    open(
      async (page) => {
        if (source === "program") {
          await waitForStatus(page, /putting/);
          await page.waitForFunction(
            () =>
              document.querySelector('[data-figure="original"]')?.textContent?.includes("MiB") ??
              false,
            { timeout: 60_000 },
          );
          await page.keyboard.press("Escape");
          await waitForStatus(page, /cancelled after [\d,]+ pages/);
        } else {
          await waitForStatus(page, /every changed tile/);
          await press(page, "pad-picture");
          await page.waitForFunction(
            () => Number(document.querySelector('[data-figure="compressed"]')?.textContent) > 100,
            { timeout: 60_000 },
          );
        }
        const { totals } = await readReport(page);
        assert.is(totals["workers"], 2);
        assert.ok((totals["putCount"] ?? 0) >= (totals["pages"] ?? Infinity));
      },
      { hash: `source=${source}&workers=2` },
    ),
  );
}

inBrowser(
  "a page that is not isolated says so and works with one worker, and with its device",
  () =>
    open(
      async (page) => {
        await waitForEnd(page);
        assert.match(await textOf(page, "pool-note"), /^One worker: .* not cross-origin isolated/);
        assert.is(await isDisabled(page, "workers"), true);
        assert.is(await valueOf(page, "workers"), "1");
        assert.is(await valueOf(page, "device"), "memory");
        const { totals } = await readReport(page);
        assert.is(totals["workers"], 1);
        assert.is(totals["rejectedPages"], 0);
        // The link means what it meant.
        assert.match(await page.evaluate(() => location.hash), /workers=4/);
      },
      { hash: "source=random&limit=3&workers=4&device=memory", isolated: false },
    ),
);

/** The worker that puts, with a fault in the first one of the crew: `fault` runs at its third batch. */
async function withFault(fault: string): Promise<Record<string, string | Uint8Array>> {
  return {
    "/real-put-worker.js": (await demoFiles())["/put-worker.js"] ?? "",
    "/put-worker.js": `
      const FIRST_OF_CREW = 2;
      addEventListener("message", async (event) => {
        event.stopImmediatePropagation();
        const { work, ...joining } = event.data;
        const isFirst = joining.attachment.ticket.workerId === FIRST_OF_CREW;
        const { port1, port2 } = new MessageChannel();
        let puts = 0;
        work.onmessage = ({ data }) => {
          if (data.kind === "put" && isFirst && ++puts === 3) { ${fault} }
          port1.postMessage(data);
        };
        port1.onmessage = ({ data }) => work.postMessage(data);
        await import(new URL("./real-put-worker.js", import.meta.url).href);
        dispatchEvent(new MessageEvent("message", { data: { ...joining, work: port2 } }));
      }, { once: true });`,
  };
}

inBrowser("a worker that stops is replaced by the others, and every page comes back", async () =>
  open(
    async (page) => {
      await waitForStatus(page, /every page came back as it was/);
      assert.match(await textOf(page, "note"), /^A worker has stopped\. 2 go on/);
      const { totals } = await readReport(page);
      assert.is(totals["pages"], 4736);
      assert.is(totals["rejectedPages"], 0);
      assert.is(totals["workers"], 2);
    },
    { hash: "source=mix&workers=3", files: await withFault('throw new Error("out of order");') },
  ),
);

inBrowser("a run whose worker hangs can be cancelled, and what was put stays", async () =>
  open(
    async (page) => {
      await waitForStatus(page, /putting/);
      await page.waitForFunction(
        () =>
          document.querySelector('[data-figure="original"]')?.textContent?.includes("MiB") ?? false,
        { timeout: 60_000 },
      );
      await page.keyboard.press("Escape");
      await waitForStatus(page, /cancelled after [\d,]+ pages/);
      assert.match(await textOf(page, "note"), /^A worker did not stop in time and was ended/);
      assert.match(await act(page, "read"), /^Got [\d,]+ pages/);
      assert.ok(((await readReport(page)).totals["pages"] ?? 0) > 250);
    },
    { hash: "source=mix&workers=2", files: await withFault("for (;;);") },
  ),
);

inBrowser(
  "when the worker stops, those that it had started are ended, and the next run works",
  async () => {
    const worker = Buffer.from((await demoFiles())["/worker.js"] ?? "").toString();
    const fault = `;addEventListener("message", ({ data }) => {
    if (data.kind === "act" && data.action === "compact") throw new Error("out of order");
  });`;
    await open(
      async (page) => {
        await waitForEnd(page);
        assert.is(page.workers().length, 3);
        await press(page, "act-compact");
        await page.waitForFunction(() =>
          document.getElementById("error")?.textContent?.startsWith("The worker stopped: "),
        );
        await waitForWorkers(page, 0);
        // Its pool is gone with it: nothing can be done to it, nor cancelled.
        assert.is(await isDisabled(page, "act-read"), true);
        assert.is(await page.$eval("#cancel", (button) => (button as HTMLElement).hidden), true);
        await press(page, "restart");
        await waitForStatus(page, /every page came back as it was/);
        assert.is(page.workers().length, 3);
      },
      { hash: "source=mix&workers=2", files: { "/worker.js": worker + fault } },
    );
  },
);

inBrowser("a browser that gives no more workers is an error in plain words", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      assert.is(await textOf(page, "error"), "The workers could not be started.");
    },
    {
      hash: "source=zeros&workers=2",
      prepare: (page) =>
        page.evaluateOnNewDocument(`
          globalThis.Worker = new Proxy(Worker, {
            construct(target, [address, options]) {
              if (String(address).includes("put-worker")) throw new Error("no more workers");
              return new target(address, options);
            },
          });`),
    },
  ),
);

inBrowser("workers that can't be started are an error in plain words", () =>
  open(
    async (page) => {
      await waitForEnd(page);
      assert.is(await textOf(page, "error"), "The workers could not be started.");
      await page.select("#workers", "1");
      await waitForStatus(page, /every page came back as it was/);
    },
    { hash: "source=zeros&workers=2", files: { "/put-worker.js": "not a script" } },
  ),
);

test.run();
