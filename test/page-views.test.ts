/**
 * Views on the pages of ranges: the same ones for the same array, and always the right bytes.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Frontswap } from "../src/frontswap.ts";
import { MapBackend } from "../src/backends/map.ts";
import { PageViews } from "../src/page-views.ts";
import { SwapArea } from "../src/swap-area.ts";

const test = suite("page views");
const SIZE = 4096;

let made = 0;

/** An array that counts the views that are made of it. */
class CountingArray extends Uint8Array<ArrayBuffer> {
  override subarray(begin?: number, end?: number): Uint8Array<ArrayBuffer> {
    made += 1;
    return super.subarray(begin, end);
  }
}

/** How many views are made while `call` runs. */
function countViews(call: () => void): number {
  const before = made;
  call();
  return made - before;
}

test("a page of an array is a view on its bytes, wherever the array lies in its buffer", () => {
  const buffer = new ArrayBuffer(4 * SIZE + 100);
  const pages = new PageViews(SIZE).of(new Uint8Array(buffer, 100, 3 * SIZE));
  for (const index of [2, 0, 1, 0, 2]) {
    const page = pages.at(index);
    assert.is(page.buffer, buffer);
    assert.is(page.byteOffset, 100 + index * SIZE);
    assert.is(page.length, SIZE);
  }
});

test("an array that is passed again costs no new view", () => {
  const frontswap = new Frontswap();
  frontswap.register(new MapBackend());
  const area = new SwapArea(frontswap, { type: 0, pages: 64 });
  const [first, second] = [
    new CountingArray(new ArrayBuffer(64 * SIZE)),
    new CountingArray(new ArrayBuffer(64 * SIZE)),
  ];
  assert.is(
    countViews(() => area.putRange(0, first)),
    64,
  );
  assert.is(
    countViews(() => area.putRange(0, first)),
    0,
  );
  assert.is(
    countViews(() => area.getRange(0, first)),
    0,
  );
  assert.is(
    countViews(() => area.getRange(0, second)),
    64,
  );
  assert.is(
    countViews(() => area.getRange(0, first)),
    0,
  );
  assert.is(
    countViews(() => area.putRange(0, second)),
    0,
  );
});

test("of a long array so many views are kept, and the pages behind them are right all the same", () => {
  const bytes = new CountingArray(new ArrayBuffer(300 * SIZE));
  for (let index = 0; index < 300; index++) bytes[index * SIZE] = index;
  const pages = new PageViews(SIZE).of(bytes);
  for (let index = 0; index < 300; index++) assert.is(pages.at(index)[0], index & 0xff);
  const again = countViews(() => {
    for (let index = 0; index < 300; index++) assert.is(pages.at(index)[0], index & 0xff);
  });
  assert.is(again, 300 - 256);
});

test.run();
