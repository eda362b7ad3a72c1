/**
 * The demo against the command line: the same file and options give the same counts and bytes.
 *
 * Why so: two programs that say different things about the same data are both not believed. Timings
 * differ, of course.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as assert from "uvu/assert";
import { createRandom } from "../../src/cli/sampling.ts";
import { demoSuite, folder, pickFile, readReport } from "./demo-page.ts";

const ROOT = join(import.meta.dirname, "../..");
const MIB = 1024 ** 2;

const { test, inBrowser, open } = await demoSuite("demo and zmem estimate");

/** Twelve megabytes of everything; the last page is not full. */
function writeFile(): string {
  const random = createRandom(11);
  const bytes = Buffer.alloc(12 * MIB + 1000);
  for (let at = 0; at < bytes.length;) {
    const length = 1000 + Math.floor(random() * 60_000);
    const part = bytes.subarray(at, at + length);
    const kind = Math.floor(random() * 4);
    if (kind === 0) for (let index = 0; index < part.length; index++) part[index] = random() * 256;
    if (kind === 1) part.fill(JSON.stringify({ number: random(), text: "some words of text" }));
    if (kind === 2) {
      for (let index = 0; index < part.length; index++) part[index] = (index * at) % 97;
    }
    at += length;
  }
  const path = join(folder, "everything.bin");
  writeFileSync(path, bytes);
  return path;
}

interface Estimate {
  readonly total: Readonly<Record<string, number>>;
}

async function estimate(path: string, pageSize: number, limitMib: number): Promise<Estimate> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(ROOT, "dist/cli.js"),
    "estimate",
    "--json",
    `--page-size=${pageSize}`,
    `--limit=${limitMib}M`,
    "--sample=1G",
    path,
  ]);
  return JSON.parse(stdout) as Estimate;
}

const path = writeFile();

inBrowser("two workers on one shared pool: the same counts, pages and payload", () =>
  open(
    async (page) => {
      await pickFile(page, path);
      const { totals } = await readReport(page);
      const { total } = await estimate(path, 4096, 1024);
      const names = ["pages", "dataBytes", "keptBytes", "sameFilledPages", "rawPages"];
      for (const name of names) assert.is(totals[name], total[name], name);
      assert.is(totals["payloadBytes"], total["compressedBytes"]);
      assert.is(totals["rejectedPages"], 0);
      assert.is(totals["workers"], 2);
      // Its index and fixed part are another's; that it says so, demo-workers.test.ts holds.
      assert.is.not(totals["heldBytes"], total["heldBytes"]);
    },
    { hash: "source=file&workers=2" },
  ),
);

for (const [pageSize, limitMib] of [
  [4096, 1024],
  [4096, 2],
  [16384, 1024],
  [65536, 2],
] as const) {
  inBrowser(`pages of ${pageSize} bytes, limit ${limitMib} MiB: the same figures`, () =>
    open(
      async (page) => {
        await pickFile(page, path);
        const { totals } = await readReport(page);
        const { total } = await estimate(path, pageSize, limitMib);
        const figures = (source: Readonly<Record<string, number>>, names: readonly string[]) =>
          names.map((name) => source[name]);
        const alike = ["pages", "dataBytes", "keptBytes", "heldBytes", "sameFilledPages"];
        const also = ["rawPages", "rejectedPages"];
        assert.equal(
          figures(totals, [...alike, ...also, "payloadBytes"]),
          figures(total, [...alike, ...also, "compressedBytes"]),
        );
        assert.ok((totals["sameFilledPages"] ?? 0) > 0 && (totals["compressedPages"] ?? 0) > 0);
        assert.is((totals["rejectedPages"] ?? 0) > 0, limitMib < 1024);
      },
      { hash: `source=file&size=${pageSize}&limit=${limitMib}` },
    ),
  );
}

test.run();
