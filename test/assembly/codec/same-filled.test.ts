/**
 * Same-filled pages: found whatever the word, and never found where one byte differs.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PAGE_SIZES, startCodec } from "./module.ts";

const { codec, bytes } = await startCodec(4);
const WORDS = [0n, 1n, 0xffffffffffffffffn, 0x0102030405060708n, 0x8000000000000000n];

test("a filled page is same-filled, at the very end of memory too", () => {
  for (const pageSize of PAGE_SIZES) {
    for (const word of WORDS) {
      const page = bytes.length - pageSize;
      bytes[page - 1] = 0x77;
      codec.fillPage(page, pageSize, word);
      assert.is(codec.isSameFilled(page, pageSize), 1);
      const words = new BigUint64Array(bytes.buffer, page, pageSize / 8);
      assert.ok(words.every((found) => found === BigInt.asUintN(64, word)));
      assert.is(bytes[page - 1], 0x77, "written before the page");
    }
  }
});

test("one differing byte anywhere makes it another page", () => {
  const page = 65536;
  for (const pageSize of [4096, 65536]) {
    codec.fillPage(page, pageSize, 0x0102030405060708n);
    for (let at = 0; at < pageSize; at++) {
      bytes[page + at] = (bytes[page + at] as number) ^ 0x10;
      assert.is(codec.isSameFilled(page, pageSize), 0, `byte ${at}`);
      bytes[page + at] = (bytes[page + at] as number) ^ 0x10;
    }
    assert.is(codec.isSameFilled(page, pageSize), 1);
  }
});

test.run();
