/** Pages into and out of shared memory: every byte, however source and destination lie. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { copyBySet, copyPage } from "../../src/platform/copy-page.ts";
import { makePage } from "../conformance/pages.ts";

const PAGE_SIZE = 4096;
const test = suite("copies of pages");

for (const [name, copy] of [
  ["the platform's", copyPage],
  ["by set", copyBySet],
] as const) {
  test(`${name}: at every place of a page to its word, and nothing beside it`, () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3 * PAGE_SIZE)).fill(0xa5);
    const window = shared.subarray(PAGE_SIZE, 2 * PAGE_SIZE);
    const own = new Uint8Array(PAGE_SIZE + 32);
    for (let at = 0; at < 16; at++) {
      const page = makePage("random", at, PAGE_SIZE);
      own.fill(0x5a).set(page, at);
      copy(window, own.subarray(at, at + PAGE_SIZE));
      assert.equal(new Uint8Array(window), page);
      own.fill(0x5a);
      copy(own.subarray(at, at + PAGE_SIZE), window);
      assert.equal(own.subarray(at, at + PAGE_SIZE), page);
      for (const beside of [own.subarray(0, at), own.subarray(at + PAGE_SIZE)]) {
        assert.ok(beside.every((byte) => byte === 0x5a));
      }
      for (const beside of [shared.subarray(0, PAGE_SIZE), shared.subarray(2 * PAGE_SIZE)]) {
        assert.ok(beside.every((byte) => byte === 0xa5));
      }
    }
  });

  test(`${name}: pages of one byte, of all lengths, and shared on both sides`, () => {
    for (const length of [4096, 16384, 65536]) {
      const source = new Uint8Array(new SharedArrayBuffer(length)).fill(0);
      const destination = new Uint8Array(new SharedArrayBuffer(length)).fill(7);
      copy(destination, source);
      assert.ok(destination.every((byte) => byte === 0));
    }
  });
}

test.run();
