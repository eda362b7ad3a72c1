/**
 * The validator of the testing build against damage that nothing else would notice at once.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GRANULE_SIZE } from "../../src/backends/abi.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { makePage } from "../conformance/pages.ts";
import { lastInstance, testingModule } from "./testing-module.ts";

const PAGE_SIZE = 4096;
/** Where the superblock has the address of the free map (assembly/superblock.ts). */
const FREE_MAP_ADDRESS = 1024 + 68;
const test = suite("validator");

function start() {
  const module = testingModule();
  const pool = new ZmemBackend(module.createInstance, {});
  assert.is(pool.init(PAGE_SIZE), 0);
  assert.ok(pool.openType(0));
  for (let offset = 0; offset < 20; offset++) {
    assert.ok(pool.putPage(0, offset, makePage("text", offset, PAGE_SIZE)));
  }
  const { exports, memory } = lastInstance(module);
  assert.is(exports.validate(), 0);
  const { address } = pool.locatePage(0, 7) as { address: number };
  return { validate: () => exports.validate(), data: new DataView(memory.buffer), address };
}

test("a mark of the free map inside of what is in use is found", () => {
  const { validate, data, address } = start();
  const granule = Math.floor(address / GRANULE_SIZE) + 1;
  const at = data.getUint32(FREE_MAP_ADDRESS, true) + (granule >> 3);
  data.setUint8(at, data.getUint8(at) ^ (1 << (granule & 7)));
  assert.is(validate(), 114);
  data.setUint8(at, data.getUint8(at) ^ (1 << (granule & 7)));
  assert.is(validate(), 0);
});

test("an entry of a codec that is none is found", () => {
  const { validate, data, address } = start();
  // The object's header has the address of its entry; the form is in bits 48 to 51.
  const entry = data.getUint32(address - 4, true) & ~1;
  const form = data.getUint8(entry + 6);
  data.setUint8(entry + 6, form | 15);
  assert.is(validate(), 306);
  data.setUint8(entry + 6, form);
  assert.is(validate(), 0);
});

test.run();
