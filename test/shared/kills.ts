/**
 * Tests of workers of the shared front-end that are terminated at random moments, and reaped.
 *
 * What must hold: the others go on; a page whose put had returned true, and that the dead worker was
 * not writing, is as it was; the one that it was writing is old, new or absent; bits, counts and
 * backend agree; at the end everything can be flushed.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createRandom } from "../conformance/pages.ts";
import { Crew, endAllWorkers, type Hand } from "./crew.ts";
import {
  ackWord,
  AT_WORK,
  AT_WORK_VERSION,
  CALLS,
  PAUSE,
  seatWord,
  type HistoryEvent,
} from "./load.ts";
import { readMark } from "./marked-page.ts";
import { Progress } from "./progress.ts";

const SEED = Number(process.env["ZMEM_SEED"] ?? Math.floor(Math.random() * 1e6));
console.log(`seed ${SEED} (ZMEM_SEED=${SEED} repeats it)`);

/** How much is done with one backend. */
export interface KillOptions {
  readonly name: string;
  /** The shared build; the array backend when left out. */
  readonly module?: WebAssembly.Module;
  /** Workers that are terminated one after the other. */
  readonly kills: number;
  /** How often two are terminated at once. */
  readonly pairs: number;
}

const TYPES = 2;
const PAGES = 120;
const KEYS = TYPES * PAGES;

/** Fails unless each key of a dead worker holds what it may hold; makes that what it must hold. */
function assertOwnKeys(crew: Crew, seat: number, what: string): void {
  const page = new Uint8Array(crew.frontswap.pageSize);
  const inWork = crew.read(seat, AT_WORK) - 1;
  const newest = crew.read(seat, AT_WORK_VERSION);
  for (let key = 0; key < KEYS; key++) {
    const word = ackWord(KEYS, seat, key);
    const acknowledged = Atomics.load(crew.board, word);
    const [type, offset] = [Math.floor(key / PAGES), key % PAGES];
    const found = crew.frontswap.getPage(type, offset, page);
    // Only one's own keys are ever acknowledged; others are somebody else's.
    if (key % 8 !== seat) continue;
    const version = found ? readMark(page, type, offset) : 0;
    const allowed = key === inWork ? [acknowledged, newest, 0] : [acknowledged];
    assert.ok(allowed.includes(version), `${what}, key ${key}: ${version}, not one of ${allowed}`);
    Atomics.store(crew.board, word, version);
  }
  Atomics.store(crew.board, seatWord(seat, AT_WORK), 0);
}

/** Adds and runs the suite. */
export function testKills({ name, module, kills, pairs }: KillOptions): void {
  const test = suite(`SharedFrontswap and death, ${name}`);

  test.after.each(endAllWorkers);

  test(`${kills} workers terminated at random moments, one after the other`, async () => {
    const random = createRandom(SEED);
    const crew = new Crew({ types: TYPES, pages: PAGES, mode: "own", seed: SEED, module });
    const hands: Hand[] = await crew.startAll(4);
    const ends: Promise<HistoryEvent[]>[] = [];
    let died = 0;
    let diedAtWork = 0;
    const progress = new Progress(`${name}, seed ${SEED}`);
    while (died < kills) {
      progress.tell(() => `${died} of ${kills} deaths, ${crew.calls} calls`);
      await new Promise((resolve) => setTimeout(resolve, random.below(12)));
      const seat = random.below(4);
      // One in four may die before it has attached.
      if (random.below(4) > 0) await (hands[seat] as Hand).ready;
      const { worker, workerId } = hands[seat] as Hand;
      const callsBefore = crew.calls;
      await worker.terminate();
      died += 1;
      const what = `seed ${SEED}, death ${died} (worker ${workerId}, seat ${seat})`;
      assert.is(crew.frontswap.reap(workerId), true, what);
      assert.is(crew.frontswap.reap(workerId), false, `${what}: reaped twice`);
      if (crew.read(seat, AT_WORK) !== 0) diedAtWork += 1;
      crew.markQuiet(seat);
      const others = hands.filter((hand) => hand.seat !== seat);
      await crew.whileQuiet(others, () => {
        crew.assertNoViolation();
        assertOwnKeys(crew, seat, what);
        crew.assertAgreement();
      });
      assert.ok(crew.calls >= callsBefore, what);
      hands[seat] = crew.start(seat);
    }
    await Promise.all(hands.map(({ ready }) => ready));
    const before = crew.calls;
    const until = performance.now() + 10_000;
    while (crew.calls <= before) {
      assert.ok(performance.now() < until, "the survivors have stopped");
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    crew.stop();
    ends.push(...hands.map(({ ended }) => ended));
    await Promise.all(ends);
    crew.assertNoViolation();
    crew.assertAgreement();
    for (let type = 0; type < TYPES; type++) {
      crew.frontswap.flushArea(type);
      assert.is(crew.ops.countPages(type), 0);
    }
    assert.is(crew.frontswap.counters().currPages, 0);
    console.log(`${name}: ${died} deaths, ${diedAtWork} of them at work, ${crew.calls} calls`);
    crew.close();
  });

  test(`two workers terminated at once, reaped together, ${pairs} times`, async () => {
    const crew = new Crew({ types: 2, pages: 4, mode: "random", seed: SEED, module });
    const hands = await crew.startAll(3);
    const random = createRandom(SEED + 2);
    const progress = new Progress(`${name}, seed ${SEED}`);
    for (let round = 0; round < pairs; round++) {
      progress.tell(() => `${round} of ${pairs} pairs of deaths, ${crew.calls} calls`);
      await Promise.all(hands.map(({ ready }) => ready));
      await new Promise((resolve) => setTimeout(resolve, random.below(20)));
      const [one, two, alive] = hands as [Hand, Hand, Hand];
      await Promise.all([one.worker.terminate(), two.worker.terminate()]);
      assert.is(crew.frontswap.reap(one.workerId, two.workerId), true);
      for (const { seat } of [one, two]) crew.markQuiet(seat);
      await crew.whileQuiet([alive], () => crew.assertAgreement());
      hands[0] = crew.start(0);
      hands[1] = crew.start(1);
    }
    crew.stop();
    await Promise.all(hands.map(({ ended }) => ended));
    crew.assertNoViolation();
    crew.assertAgreement();
    crew.close();
  });

  test("counters are exact but for the call that death cut off", async () => {
    const crew = new Crew({ types: 2, pages: 50, mode: "random", seed: SEED, module });
    const hands = await crew.startAll(3);
    const random = createRandom(SEED + 1);
    const deaths = 5;
    for (let died = 0; died < deaths; died++) {
      await new Promise((resolve) => setTimeout(resolve, 5 + random.below(20)));
      const { worker, workerId, ready, seat } = hands[died % 3] as Hand;
      await ready;
      await worker.terminate();
      crew.frontswap.reap(workerId);
      crew.markQuiet(seat);
      hands[died % 3] = crew.start(seat);
    }
    await Promise.all(hands.map(({ ready }) => ready));
    assert.is(Atomics.load(crew.board, PAUSE), 0);
    crew.stop();
    await Promise.all(hands.map(({ ended }) => ended));
    crew.assertNoViolation();
    crew.assertAgreement();
    crew.assertCounters(deaths);
    assert.ok(crew.sum(CALLS) > 0);
    crew.close();
  });

  test.run();
}
