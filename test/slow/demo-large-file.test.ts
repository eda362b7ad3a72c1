/**
 * Large files through the demo, 200 MB and 1 GiB, dropped as a person drops them: every page comes
 * back, frames go on all the while, and none of them paints more than its share of the map.
 *
 * What frames cost the page's thread is printed beside the goal; how long something takes depends on
 * the machine, and is no test.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Page } from "puppeteer-core";
import * as assert from "uvu/assert";
import { createRandom } from "../../src/cli/sampling.ts";
import { MOST_CELLS_AT_ONCE } from "../../web/map/texture.ts";
import {
  demoSuite,
  folder,
  press,
  readReport,
  resetFrames,
  textOf,
  waitForEnd,
  waitForStatus,
  workOf,
} from "../browser/demo-page.ts";
import { describeTimes, traceMainThread } from "../browser/trace-tasks.ts";

const MIB = 1024 ** 2;

const { test, inBrowser, open } = await demoSuite("demo with large files");

/** Megabytes of text, numbers, noise and zeros in turn. */
function writeFile(name: string, bytes: number): string {
  const random = createRandom(5);
  const parts = [
    Buffer.from(
      Array.from({ length: 24_000 }, (_, id) => `{"id":${id},"value":${random()}}\n`).join(""),
    ).subarray(0, MIB),
    Buffer.from(Float32Array.from({ length: MIB / 4 }, (_, at) => Math.sin(at / 900)).buffer),
    Buffer.from(Uint32Array.from({ length: MIB / 4 }, () => random() * 2 ** 32).buffer),
    Buffer.alloc(MIB),
  ];
  const path = join(folder, name);
  const file = openSync(path, "w");
  for (let written = 0; written < bytes;) {
    const part = parts[Math.floor(random() * parts.length)] as Buffer;
    written += writeSync(file, part, 0, Math.min(part.length, bytes - written));
  }
  closeSync(file);
  return path;
}

/** Drops a file from the disk on the page, as the browser gets it from the desktop. */
async function dropFile(page: Page, path: string): Promise<void> {
  const session = await page.createCDPSession();
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, x: 200, y: 200, data });
  }
  const name = path.slice(path.lastIndexOf("/") + 1);
  await waitForStatus(page, new RegExp(`^${name}.*(as it was|not finished)`), 600_000);
}

for (const [name, bytes] of [
  ["large.bin", 200 * 1000 * 1000],
  ["giant.bin", 1024 * MIB],
] as const) {
  inBrowser(`${name}: every page comes back, and frames paint a bounded part`, () =>
    open(async (page) => {
      const path = writeFile(name, bytes);
      await waitForEnd(page);
      await resetFrames(page);
      const times = await traceMainThread(page, () => dropFile(page, path));
      assert.match(await textOf(page, "status"), /every page came back as it was\.$/);
      const { totals, forms, mainThread, map } = await readReport(page);
      const pages = Math.ceil(bytes / 4096);
      assert.is(totals["pages"], pages);
      assert.is(
        Object.values(forms).reduce((sum, count) => sum + count, 0),
        pages,
      );
      const seconds = ((totals["elapsedMs"] ?? 0) / 1000).toFixed(1);
      console.log(`\nnote ${name}: ${describeTimes(times)}; ${seconds} s`);
      assert.ok(mainThread.frames > 30, `${mainThread.frames} frames`);
      // Each page is painted when it is put, and once more if the map was laid out meanwhile.
      assert.ok(map.cells >= pages && map.cells <= 2 * pages, `${map.cells} cells painted`);
      assert.ok(map.mostCells <= MOST_CELLS_AT_ONCE, `${map.mostCells} cells in a frame`);

      // The whole map painted anew along the other order, zoomed, and back.
      const ordered = await workOf(page, async () => {
        const after = await traceMainThread(page, async () => {
          for (const button of ["order", "zoom-in", "zoom-in", "zoom-in", "zoom-all", "order"]) {
            await press(page, button);
            await new Promise((resolve) => setTimeout(resolve, 400));
          }
        });
        console.log(`\nnote ${name}: orders and zooms ${describeTimes(after)}`);
      });
      // The second order may come before the first is painted to its end.
      assert.ok(ordered.cells >= pages && ordered.cells <= 2 * pages, `${ordered.cells} cells`);
      assert.ok(ordered.mostCells <= MOST_CELLS_AT_ONCE, `${ordered.mostCells} cells in a frame`);
    }),
  );
}

test.run();
