/** What the two release builds are made of: locks cost the plain one nothing, and both are small. */
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import binaryen from "assemblyscript/binaryen";

/** The most that the shared module may grow to; the codec is half of it (docs/codec.md). */
const SHARED_LIMIT_BYTES = 56 * 1024;
const test = suite("release builds");

function read(name: string): Uint8Array {
  return readFileSync(new URL(`../../build/${name}`, import.meta.url));
}

/** The atomic instructions of a module, as its text has them. */
function countAtomics(bytes: Uint8Array): number {
  const module = binaryen.readBinary(bytes);
  try {
    return module.emitText().match(/\.atomic\./g)?.length ?? 0;
  } finally {
    module.dispose();
  }
}

test("the plain module has not one atomic instruction, the shared one has many", () => {
  assert.is(countAtomics(read("zmem.wasm")), 0);
  assert.ok(countAtomics(read("zmem.shared.wasm")) > 100);
});

test("the shared module is small", () => {
  const { length } = read("zmem.shared.wasm");
  assert.ok(length < SHARED_LIMIT_BYTES, `${length} bytes`);
});

test.run();
