/**
 * Bad arguments at a backend's own border, for programs that use one without a front-end: the same
 * words from the plain build and from the shared one.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { ShardedZmemBackend } from "../../src/backends/sharded.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { RAW_FORM } from "../../src/types.ts";
import { releaseInstantiator } from "../modules.ts";
import { sharedModule } from "../shared/modules.ts";

const BACKENDS = {
  "plain build": () => new ZmemBackend(releaseInstantiator()),
  "several memories": () =>
    new ShardedZmemBackend(releaseInstantiator(), {
      limitBytes: 2 ** 21,
      maxInstanceBytes: 2 ** 20,
    }),
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

  bad(`no verb cuts a type or an offset to a number that it isn't, ${name}`, () => {
    const backend = create();
    backend.init(4096);
    for (const type of [0, 1]) assert.ok(backend.openType(type));
    const page = new Uint8Array(4096).fill(7);
    for (const type of [0, 1]) assert.ok(backend.putPage(type, 0, page));
    // Each is 0 or 1 to the module.
    const verbs: ((type: never) => unknown)[] = [
      (type) => backend.putPage(type, 0, new Uint8Array(4096)),
      (type) => backend.putWindowPage(type, 0),
      (type) => backend.getPage(type, 0, new Uint8Array(4096)),
      (type) => backend.viewPage(type, 0),
      (type) => backend.flushPage(type, 0),
      (type) => backend.flushArea(type),
      (type) => backend.countPages(type),
      (type) => backend.inspectPage(type, 0),
      (type) => backend.readBlock(type, 0),
      (type) => backend.locatePage(type, 0),
      (type) => backend.allowWriteback(type, true),
      (type) => backend.restorePage(type, 0, RAW_FORM, page, new Uint8Array(4096)),
    ];
    for (const verb of verbs) {
      for (const type of [undefined, null, Number.NaN, 1.5, -0.5, 2 ** 32, "1"]) {
        assert.match(
          complaint(() => verb(type as never)),
          /^(Type|Range)Error: swap type: expected /,
          `${String(verb)}: ${String(type)}`,
        );
      }
    }
    for (const offset of [undefined, 0.5, 2 ** 32]) {
      assert.match(
        complaint(() => backend.putPage(0, offset as never, page)),
        /Error: offset: expected /,
      );
    }
    for (const type of [0, 1]) {
      assert.is(backend.countPages(type), 1);
      assert.equal(backend.viewPage(type, 0)?.slice(), page);
    }
    backend.close();
  });

  bad(`a budget is made of numbers, ${name}`, () => {
    const backend = create();
    backend.init(4096);
    for (const [budget, got] of [
      [
        { objects: Number.NaN },
        "RangeError: budget: expected a number of objects or pages, got NaN",
      ],
      [
        { microseconds: Number.NaN },
        "RangeError: budget: expected a number of microseconds, got NaN",
      ],
    ] as const) {
      assert.is(
        complaint(() => backend.compact(budget)),
        got,
      );
    }
    assert.is(backend.compact({ objects: 0, microseconds: 0 }).movedObjects, 0);
    backend.close();
  });
}

bad.run();
