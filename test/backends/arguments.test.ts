/**
 * Bad arguments at a backend's own border, for programs that use one without a front-end: the same
 * words from the plain build and from the shared one.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { releaseInstantiator } from "../modules.ts";
import { sharedModule } from "../shared/modules.ts";

const BACKENDS = {
  "plain build": () => new ZmemBackend(releaseInstantiator()),
  "shared build": () => SharedZmemBackend.create(sharedModule()),
} as const;

const bad = suite("bad arguments of a backend");

function complaint(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return String(error);
  }
  return "fine";
}

for (const [name, create] of Object.entries(BACKENDS)) {
  bad(`a second init wants the page size of the first, ${name}`, () => {
    const backend = create();
    assert.is(backend.init(8192), 0);
    for (const [size, got] of [
      [4096, "4096"],
      ["8192", '"8192"'],
    ] as const) {
      assert.is(
        complaint(() => backend.init(size as number)),
        `RangeError: page size: expected 8192, as at the first init, got ${got}`,
      );
    }
    assert.is(backend.init(8192), 0);
    backend.close();
  });

  bad(`a type is a number from 0 to 1023, ${name}`, () => {
    const backend = create();
    backend.init(4096);
    for (const type of [-1, 1024, 0.5, Number.NaN]) {
      assert.is(
        complaint(() => backend.openType(type)),
        `RangeError: swap type: expected an integer from 0 to 1023, got ${type}`,
      );
    }
    assert.is(
      complaint(() => backend.openType("3" as unknown as number)),
      'TypeError: swap type: expected a number, got "3"',
    );
    assert.ok(backend.openType(1023));
    backend.close();
  });
}

bad.run();
