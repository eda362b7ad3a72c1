/**
 * What a conformance suite is made of, and what a backend brings to be tested.
 *
 * Why so: uvu runs in Node only. A suite is therefore a list of named functions that use nothing
 * but uvu's assertions: test/conformance/backend.test.ts hands the list to uvu, a browser page runs
 * it in a loop.
 */
import * as assert from "uvu/assert";
import { Frontswap, type FrontswapOptions } from "../../src/frontswap.ts";
import type { FrontswapOps, Page } from "../../src/types.ts";

/** What only writeback calls. */
type WritebackCalls = "setHook" | "takePage" | "dropPage" | "evictPage" | "admitPage" | "nextPage";

/** A front-end: Frontswap, or one with the calls of its own that a program makes. */
export type FrontEnd = Pick<Frontswap, Exclude<keyof Frontswap, WritebackCalls>>;

/** One test. Its name begins with the number of the invariant in docs/contract.md. */
export interface ConformanceCase {
  readonly number: number;
  readonly name: string;
  /** Throws when the invariant does not hold. */
  run(): void;
}

/** A fresh backend, before `init`, and how a test reaches behind it; what is left out can't be. */
export interface BackendUnderTest {
  readonly ops: FrontswapOps;
  /** Switches puts on or off. */
  setEnabled?(enabled: boolean): void;
  /** Damages the stored bytes of a page that is kept as a block. */
  corrupt?(type: number, offset: number): void;
  /** Lets so many allocations pass and makes all others fail; a negative number ends that. */
  failAllocations?(after: number): void;
  /** Walks the structures. @returns 0 when they are sound, else the number of the broken rule */
  validate?(): number;
}

/** A backend that is about to reject a put. Type `KEY_TYPE` is open. */
export interface ProvokedBackend extends BackendUnderTest {
  /** From now on each of `pagesThatWillBeRejected` is, when put over an older page. */
  provoke(): void;
  readonly pagesThatWillBeRejected: readonly Page[];
  /** Pages that are kept before, and whose place the rejected ones can't take over. */
  readonly olderPages: readonly Page[];
  /** Makes the backend accept puts for the type again. */
  recover(): void;
  /** How many puts were rejected for the reason that is provoked. */
  countRejects?(): number;
}

/** One way in which a put is rejected. */
export interface RejectPoint {
  readonly name: string;
  make(): ProvokedBackend;
}

/** How backends of one kind are made. */
export interface BackendFactory {
  readonly name: string;
  readonly pageSize: number;
  create(): BackendUnderTest;
  /** Every way in which this backend rejects a put, apart from a type that is closed. */
  readonly rejectPoints: readonly RejectPoint[];
  /** Makes the front-end before it; a Frontswap when left out. */
  createFrontEnd?(options: FrontswapOptions): FrontEnd;
}

/** The front-end that a factory's backends are tested behind. */
export function makeFrontEnd(factory: BackendFactory): FrontEnd {
  const options = { pageSize: factory.pageSize };
  return factory.createFrontEnd?.(options) ?? new Frontswap(options);
}

/** The type that the tests of reject points use; fillers use others. */
export const KEY_TYPE = 5;

/** Collects cases whose names begin with their number. */
export class CaseList {
  readonly cases: ConformanceCase[] = [];

  add(number: number, sentence: string, run: () => void): void {
    this.cases.push({ number, name: `${number}: ${sentence}`, run });
  }
}

/** Fails unless a get finds exactly this page. */
export function assertKept(ops: FrontswapOps, type: number, offset: number, page: Page): void {
  const got = new Uint8Array(page.length).fill(0xa5);
  assert.is(ops.getPage(type, offset, got), true, `type ${type}, offset ${offset} is absent`);
  assertSame(got, page, `type ${type}, offset ${offset}`);
}

/** Fails unless a get finds nothing and leaves its destination alone. */
export function assertAbsent(ops: FrontswapOps, type: number, offset: number, size: number): void {
  const got = new Uint8Array(size).fill(0xa5);
  assert.is(ops.getPage(type, offset, got), false, `type ${type}, offset ${offset} is there`);
  const touched = got.findIndex((byte) => byte !== 0xa5);
  assert.is(touched, -1, `a get that found nothing wrote to byte ${touched}`);
}

/** Fails at the first byte that differs. */
export function assertSame(got: Page, expected: Page, what: string): void {
  assert.is(got.length, expected.length, `${what}: length`);
  for (let at = 0; at < got.length; at++) {
    if (got[at] !== expected[at]) {
      assert.unreachable(`${what}: byte ${at} is ${got[at]}, expected ${expected[at]}`);
    }
  }
}

/** Fails when the backend can tell that its structures are broken. */
export function assertSound(backend: BackendUnderTest): void {
  assert.is(backend.validate?.() ?? 0, 0, "the validator's check that failed");
}
