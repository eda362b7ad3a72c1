/**
 * The suite itself: each backend here breaks one rule, and the cases of that rule's numbers must
 * fail. A suite that lets one of them pass would prove nothing about the others.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MapBackend } from "../../src/backends/map.ts";
import type { Page } from "../../src/types.ts";
import { conformanceCases } from "./backend.ts";
import { KEY_TYPE, type BackendFactory } from "./case.ts";
import { mapFactory } from "./map-backend.ts";
import { makePage } from "./pages.ts";

const test = suite("conformance suite");

/** Keeps the older page when it rejects the newer one: the bug of 2014 and of 2023. */
class KeepsOlder extends MapBackend {
  override putPage(type: number, offset: number, page: Page): boolean {
    const older = new Uint8Array(page.length);
    const had = this.getPage(type, offset, older);
    const kept = super.putPage(type, offset, page);
    if (!kept && had) this.restore(type, offset, older);
    return kept;
  }
  restore(type: number, offset: number, older: Page): void {
    this.setLimit(Infinity);
    this.setEnabled(true);
    super.putPage(type, offset, older);
    this.setEnabled(false);
  }
}

/** Keeps the program's own buffer instead of a copy. */
class KeepsNoCopy extends MapBackend {
  readonly #pages = new Map<string, Page>();
  override putPage(type: number, offset: number, page: Page): boolean {
    this.#pages.set(`${type} ${offset}`, page);
    return super.putPage(type, offset, page);
  }
  override getPage(type: number, offset: number, page: Page): boolean {
    if (!super.getPage(type, offset, page)) return false;
    page.set(this.#pages.get(`${type} ${offset}`) ?? page);
    return true;
  }
}

/** Takes offsets modulo 2^31. */
class CutsOffsets extends MapBackend {
  override putPage(type: number, offset: number, page: Page): boolean {
    return super.putPage(type, offset & 0x7fff_ffff, page);
  }
  override getPage(type: number, offset: number, page: Page): boolean {
    return super.getPage(type, offset & 0x7fff_ffff, page);
  }
}

/** Is ephemeral: a get takes the page away. */
class GetsOnce extends MapBackend {
  override getPage(type: number, offset: number, page: Page): boolean {
    const found = super.getPage(type, offset, page);
    if (found) super.flushPage(type, offset);
    return found;
  }
}

/** Clears the destination of a get that finds nothing. */
class WritesOnMiss extends MapBackend {
  override getPage(type: number, offset: number, page: Page): boolean {
    const found = super.getPage(type, offset, page);
    if (!found) page[page.length - 1] = 0;
    return found;
  }
}

/** Flushes the area and goes on accepting puts. */
class StaysOpen extends MapBackend {
  override flushArea(type: number): void {
    super.flushArea(type);
    super.openType(type);
  }
}

/** Forgets the type's neighbour with it. */
class FlushesNeighbour extends MapBackend {
  override flushArea(type: number): void {
    super.flushArea(type);
    super.flushPage(type + 1, 0);
  }
}

/** Opens types by itself. */
class OpensAll extends MapBackend {
  override putPage(type: number, offset: number, page: Page): boolean {
    super.openType(type);
    return super.putPage(type, offset, page);
  }
}

/** Starts afresh at each init. */
class StartsAfresh extends MapBackend {
  override init(pageSize: number): number {
    for (let type = 0; type < 1024; type++) super.flushArea(type);
    return super.init(pageSize);
  }
}

/** Answers 0 and 1, as 2010. */
class AnswersNumbers extends MapBackend {
  override putPage(type: number, offset: number, page: Page): boolean {
    return Number(super.putPage(type, offset, page)) as unknown as boolean;
  }
}

const MUTANTS: readonly [new () => MapBackend, readonly number[]][] = [
  [KeepsOlder, [15, 17]],
  [KeepsNoCopy, [11]],
  [CutsOffsets, [11, 29]],
  [GetsOnce, [21, 24]],
  [WritesOnMiss, [22]],
  [StaysOpen, [15, 18, 30]],
  [FlushesNeighbour, [29]],
  [OpensAll, [5, 30]],
  [StartsAfresh, [2]],
  [AnswersNumbers, [10, 18]],
];

function factoryOf(Mutant: new () => MapBackend): BackendFactory {
  const plain = mapFactory();
  return {
    ...plain,
    name: Mutant.name,
    create: () => {
      const ops = new Mutant();
      return { ops, setEnabled: (enabled) => ops.setEnabled(enabled) };
    },
    rejectPoints: [
      {
        name: "disabled",
        make: () => {
          const ops = new Mutant();
          ops.init(plain.pageSize);
          ops.openType(KEY_TYPE);
          return {
            ops,
            pagesThatWillBeRejected: [makePage("text", 98, plain.pageSize)],
            olderPages: [makePage("text", 99, plain.pageSize)],
            provoke: () => ops.setEnabled(false),
            recover: () => ops.setEnabled(true),
          };
        },
      },
    ],
  };
}

for (const [Mutant, numbers] of MUTANTS) {
  test(`it fails for a backend that breaks a rule: ${Mutant.name}`, () => {
    const failed = new Set<number>();
    for (const { number, run } of conformanceCases(factoryOf(Mutant))) {
      try {
        run();
      } catch {
        failed.add(number);
      }
    }
    for (const number of numbers) assert.ok(failed.has(number), `no case of ${number} failed`);
  });
}

test("it passes for the backend that they are made from", () => {
  for (const { run } of conformanceCases(factoryOf(MapBackend))) run();
});

test.run();
