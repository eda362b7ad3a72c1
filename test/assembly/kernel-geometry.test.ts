/**
 * The kernel's geometry reproduces its published tables, so the arithmetic is proven before it is
 * varied; and our own geometry keeps its bounds for every length.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  FRAME_SIZE,
  kernelClassOf,
  kernelGeometry,
  MOST_OBJECTS,
} from "../../bench/allocator/kernel-geometry.ts";
import { testingModule } from "./testing-module.ts";

const kernel = suite("kernel geometry");

/** Chain length to class count, and to the huge watermark. */
const PERCENT_CLASSES = { 4: 69, 5: 86, 6: 93, 7: 112, 8: 123, 10: 143, 12: 164, 16: 191 };
const ABSOLUTE_CLASSES = {
  4: 69,
  5: 86,
  6: 94,
  7: 110,
  8: 119,
  9: 136,
  10: 141,
  12: 159,
  16: 192,
};
const WATERMARKS = { 4: 3264, 5: 3408, 6: 3504, 8: 3632, 10: 3712, 16: 3840 };
/** Object size, frames, objects of chain 8. */
const CHAIN_8_ROWS = [
  [3632, 8, 9],
  [3584, 7, 8],
  [3504, 6, 7],
  [3408, 5, 6],
  [3264, 4, 5],
  [3072, 3, 4],
  [2720, 2, 3],
  [2048, 1, 2],
  [1632, 2, 5],
  [1568, 5, 13],
  [1360, 1, 3],
] as const;

kernel("has as many classes as the kernel's tables, by the percent rule", () => {
  for (const [chain, count] of Object.entries(PERCENT_CLASSES)) {
    assert.is(kernelGeometry(Number(chain), "percent").classCount, count, `chain ${chain}`);
  }
});

kernel("has as many classes as expected by the absolute rule", () => {
  for (const [chain, count] of Object.entries(ABSOLUTE_CLASSES)) {
    assert.is(kernelGeometry(Number(chain), "absolute").classCount, count, `chain ${chain}`);
  }
});

kernel("has the kernel's huge watermarks by both rules", () => {
  for (const [chain, size] of Object.entries(WATERMARKS)) {
    for (const rule of ["percent", "absolute"] as const) {
      assert.is(kernelGeometry(Number(chain), rule).hugeWatermark, size, `${rule} ${chain}`);
    }
  }
});

kernel("has the golden rows of chain 8", () => {
  const { bySize } = kernelGeometry(8, "absolute");
  for (const [size, frames, objects] of CHAIN_8_ROWS) {
    assert.equal(bySize[(size - 32) / 16], { size, frames, objects });
  }
});

kernel(
  "stores 2048 bytes in the class of 2176, the whole page in a frame, at most 256 objects",
  () => {
    const geometry = kernelGeometry(8, "absolute");
    assert.equal(kernelClassOf(geometry, 2048), { size: 2176, frames: 8, objects: 15 });
    assert.equal(kernelClassOf(geometry, 4096), { size: 4096, frames: 1, objects: 1 });
    assert.is(Math.max(...geometry.bySize.map(({ objects }) => objects)), MOST_OBJECTS);
    for (let chain = 1; chain <= 16; chain++) {
      const most = Math.max(...kernelGeometry(chain, "absolute").bySize.map((row) => row.objects));
      assert.ok(most <= MOST_OBJECTS, `${most} objects at chain ${chain}`);
    }
  },
);

kernel("is as efficient on full zspages as the published calculation says", () => {
  const published = { 1: 0.73, 2: 0.84, 4: 0.927, 8: 0.978, 16: 0.987 };
  for (const [chain, share] of Object.entries(published)) {
    const geometry = kernelGeometry(Number(chain), "absolute");
    let payload = 0;
    let memory = 0;
    for (let length = 64; length <= 3599; length++) {
      const { frames, objects } = kernelClassOf(geometry, length);
      payload += length;
      memory += (frames * FRAME_SIZE) / objects;
    }
    const measured = payload / memory;
    assert.ok(Math.abs(measured - share) < 0.005, `chain ${chain}: ${measured}, not ${share}`);
  }
});

const ours = suite("our geometry");

ours("gives every length a class that holds it, ascending, with little rounding", () => {
  const { createInstance } = testingModule();
  const { exports } = createInstance(1, 1) as unknown as {
    exports: Record<"lengthToClass" | "classToSize" | "classToLength", (value: number) => number>;
  };
  let before = 0;
  let beforeSize = 0;
  for (let length = 1; length <= 65536; length++) {
    const index = exports.lengthToClass(length);
    const size = exports.classToSize(index);
    assert.ok(index === before || index === before + 1, `class of ${length} skips`);
    assert.ok(size >= length + 4, `${length} does not fit ${size}`);
    const most = length + 4 <= 8192 ? 15 : (length + 4) / 256;
    assert.ok(size - length - 4 <= most, `${length} is rounded to ${size}`);
    if (index !== before) {
      assert.is(exports.classToLength(before), before === 0 ? -4 : length - 1);
      assert.ok(size > beforeSize && size % 16 === 0);
    }
    before = index;
    beforeSize = size;
  }
  assert.is(exports.classToLength(before), beforeSize - 4);
});

kernel.run();
ours.run();
