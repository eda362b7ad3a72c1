/** Numbers as people write and read them: both ways, at the edges of units and figures. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  bytesToText,
  ratioToText,
  shareToText,
  speedToText,
  textToBytes,
} from "../../src/cli/quantities.ts";

const test = suite("quantities");

test("sizes are read with and without unit, in any case", () => {
  const cases: [text: string, bytes: number | null][] = [
    ["0", 0],
    ["4096", 4096],
    ["4k", 4096],
    ["4KiB", 4096],
    ["4kb", 4096],
    ["1.5M", 1.5 * 1024 ** 2],
    ["2G", 2 * 1024 ** 3],
    ["1T", 1024 ** 4],
    [" 8K ", 8192],
    ["", null],
    ["M", null],
    ["-1", null],
    ["1e6", null],
    ["4 K", 4096],
    ["4KK", null],
    ["0x10", null],
    ["99999999999T", null],
  ];
  for (const [text, bytes] of cases) assert.is(textToBytes(text), bytes, JSON.stringify(text));
});

test("sizes are written with three figures, never as 1000 of a unit", () => {
  const cases: [bytes: number, text: string][] = [
    [0, "0"],
    [1, "1"],
    [999, "999"],
    [1000, "0.98K"],
    [1024, "1K"],
    [4096, "4K"],
    [1536, "1.5K"],
    [102400, "100K"],
    [1023 * 1024, "1M"],
    [93.4 * 1024 ** 2, "93.4M"],
    [5.885 * 1024 ** 3, "5.88G"],
    [2 ** 52, "4P"],
  ];
  for (const [bytes, text] of cases) assert.is(bytesToText(bytes), text, String(bytes));
});

test("what is written can be read again", () => {
  for (let bytes = 1; bytes < 2 ** 45; bytes = Math.ceil(bytes * 1.37)) {
    const again = textToBytes(bytesToText(bytes));
    assert.ok(again !== null && Math.abs(again - bytes) / bytes < 0.006, `${bytes} → ${again}`);
  }
});

test("speeds are decimal, ratios have two places, shares don't hide the last percent", () => {
  assert.is(speedToText(null), "-");
  assert.is(speedToText(812e6), "812 MB/s");
  assert.is(speedToText(2.134e9), "2.13 GB/s");
  assert.is(ratioToText(null), "-");
  assert.is(ratioToText(2), "2.00x");
  assert.is(shareToText(0, 0), "-");
  assert.is(shareToText(0, 7), "0%");
  assert.is(shareToText(1, 1000), "<1%");
  assert.is(shareToText(999, 1000), ">99%");
  assert.is(shareToText(7, 7), "100%");
});

test.run();
