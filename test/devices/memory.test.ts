/** The device in memory: the conformance suite of devices, and its options. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemorySwapDevice } from "../../src/devices/memory.ts";
import { deviceCases } from "../conformance/device.ts";

for (const pageSize of [4096, 65536]) {
  const test = suite(`MemorySwapDevice, pages of ${pageSize}`);
  const factory = {
    name: "memory",
    pageSize,
    modelSteps: 5000,
    create: (options: { pages?: number }) => new MemorySwapDevice({ ...options, pageSize }),
  };
  for (const { name, run } of deviceCases(factory)) test(name, run);
  test.run();
}

const test = suite("MemorySwapDevice");

test("bad options say what was expected and what came", () => {
  assert.throws(() => new MemorySwapDevice({ pageSize: 5000 }), /power of two.*got 5000/);
  assert.throws(() => new MemorySwapDevice({ pages: 0 }), /integer from 1 to 4294967296, got 0/);
});

test("it is disposable", () => {
  const device = new MemorySwapDevice();
  device.write(1, 0, new Uint8Array(10));
  device[Symbol.dispose]();
  assert.is(device.pages, 0);
});

test.run();
