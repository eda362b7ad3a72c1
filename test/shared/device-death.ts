/**
 * Death at every point of every call on an area with a device, and of the one that reaps.
 *
 * The pages of others can be got before anybody is reaped, where they are in the pool. Afterwards the
 * page that the dead worker was at work on is old, new or absent, all others are as they were, none
 * is in the pool and on the device, and nothing is left of what was reserved.
 */
import type { suite } from "uvu";
import * as assert from "uvu/assert";
import { ZmemError } from "../../src/errors.ts";
import { MemoryStorage } from "../../src/devices/memory-storage.ts";
import type { SharedDeviceArea } from "../../src/shared/device-area.ts";
import { SharedZmem } from "../../src/shared/zmem.ts";
import { makePage } from "../conformance/pages.ts";
import { die } from "./dying.ts";
import { sharedTestingModule } from "./modules.ts";
import { testingExports } from "./testing-exports.ts";

const PAGE_SIZE = 4096;
const PAGES = 64;
/** The page that is written to. */
const KEY = 5;
/** A page on the device and none of whose neighbours is. */
const LONE = 33;
const module = sharedTestingModule();

interface Setup {
  readonly survivor: SharedZmem;
  readonly area: SharedDeviceArea;
  readonly dying: SharedZmem;
  readonly dyingArea: SharedDeviceArea;
  /** A third worker, to reap and to die of it. */
  readonly reaper: SharedZmem;
  /** Its area: what it puts moves no other pages. */
  readonly quietArea: SharedDeviceArea;
}

interface Scenario {
  readonly name: string;
  /** Whether the dying worker writes no cold pages back. */
  readonly quiet?: boolean;
  /** What is done before, besides filling the area half. */
  prepare?(setup: Setup): void;
  /** The call that is to die. */
  run(setup: Setup): void;
  /** What the page KEY may be afterwards, besides what it was and absent. */
  readonly becomes?: Uint8Array;
  /** A page that another call may have flushed. */
  readonly mayFlush?: number;
  /** Whether all pages may be gone. */
  readonly forgetsAll?: boolean;
}

/** Compresses to about half of it. */
function pageOf(seed: number): Uint8Array {
  const page = makePage("random", seed, PAGE_SIZE);
  page.fill(0, PAGE_SIZE / 2);
  return page;
}

const NEW = pageOf(1000);
const RAW = makePage("random", 1001, PAGE_SIZE);
const got = new Uint8Array(PAGE_SIZE);

/** Lowers the limit to what is in use, so that a put finds no room. */
function fillPool({ survivor }: Setup): void {
  const { heldBytes, freeBytes } = survivor.stats();
  survivor.backend.setLimit(heldBytes - freeBytes);
}

/** Lowers it so far that no put can be kept. */
function closePool({ survivor }: Setup): void {
  survivor.backend.setLimit(0);
}

/** Moves KEY and LONE to the device, and some others. */
function moveOut({ survivor, quietArea }: Setup): void {
  survivor.backend.setLimit(0);
  for (const offset of [KEY, LONE]) quietArea.put(offset, pageOf(offset));
  survivor.backend.setLimit(Infinity);
  survivor.writeBack(6);
}

const SCENARIOS: Scenario[] = [
  { name: "put", run: ({ dyingArea }) => void dyingArea.put(KEY, NEW), becomes: NEW },
  {
    name: "put of a page that is on the device",
    prepare: moveOut,
    run: ({ dyingArea }) => void dyingArea.put(KEY, NEW),
    becomes: NEW,
  },
  {
    name: "put for which room is made",
    prepare: fillPool,
    run: ({ dyingArea }) => void dyingArea.put(KEY, RAW),
    becomes: RAW,
  },
  {
    name: "put that goes to the device",
    quiet: true,
    prepare: closePool,
    run: ({ dyingArea }) => void dyingArea.put(KEY, NEW),
    becomes: NEW,
  },
  {
    name: "put that goes to the device and replaces what is there",
    quiet: true,
    prepare: (setup) => {
      moveOut(setup);
      closePool(setup);
    },
    run: ({ dyingArea }) => void dyingArea.put(KEY, NEW),
    becomes: NEW,
  },
  {
    name: "get that brings a page back",
    prepare: moveOut,
    run: ({ dyingArea }) => void dyingArea.get(KEY, got),
  },
  {
    name: "get that finds no room in the pool",
    quiet: true,
    prepare: (setup) => {
      moveOut(setup);
      closePool(setup);
    },
    run: ({ dyingArea }) => void dyingArea.get(KEY, got),
  },
  {
    name: "flush of a page that is on the device",
    prepare: moveOut,
    run: ({ dyingArea }) => void dyingArea.flush(KEY),
  },
  { name: "flush", run: ({ dyingArea }) => void dyingArea.flush(KEY) },
  { name: "writeback", prepare: moveOut, run: ({ dying }) => void dying.writeBack(5) },
  {
    name: "turning off",
    prepare: moveOut,
    run: ({ dying, dyingArea }) => dying.frontswap.flushArea(dyingArea.type),
    forgetsAll: true,
  },
];

async function makeSetup(scenario: Scenario): Promise<Setup> {
  const storage = MemoryStorage.create(PAGES * PAGE_SIZE * 2);
  const survivor = await SharedZmem.create(module, {
    maximumBytes: 2 ** 22,
    patienceMs: 15,
    writeback: { clusterPages: 4 },
  });
  const area = survivor.swapOn({ pages: PAGES, device: storage });
  const dying = await SharedZmem.attach(survivor.attachment);
  const reaper = await SharedZmem.attach(survivor.attachment);
  const dyingArea = dying.area(area.type, {
    device: MemoryStorage.open(storage.link),
    evict: scenario.quiet !== true,
    promote: true,
  });
  const quietArea = reaper.area(area.type, {
    device: MemoryStorage.open(storage.link),
    evict: false,
  });
  const setup = { survivor, area, dying, dyingArea, reaper, quietArea };
  for (let offset = 0; offset < PAGES / 2; offset++) area.put(offset, pageOf(offset));
  scenario.prepare?.(setup);
  return setup;
}

/** What was there before. */
function keptBefore({ area }: Setup): Set<number> {
  return new Set(Array.from({ length: PAGES }, (_, at) => at).filter((at) => area.has(at)));
}

function checkPages(setup: Setup, scenario: Scenario, kept: Set<number>, when: string): void {
  const { area, survivor } = setup;
  const { places } = survivor.frontswap.devices;
  const view = survivor.frontswap.devices.viewOf(area.type);
  for (let offset = 0; offset < PAGES; offset++) {
    const isInPool = survivor.backend.getPage(area.type, offset, got);
    const isOnDevice = places.has(view, offset);
    assert.not(isInPool && isOnDevice, `${when}: page ${offset} is in both`);
    const found = area.get(offset, got);
    assert.is(found, isInPool || isOnDevice, `${when}: page ${offset}`);
    if (found && kept.has(offset) && Buffer.compare(got, pageOf(offset)) === 0) continue;
    if (scenario.forgetsAll) {
      assert.not(found, `${when}: page ${offset} is another one`);
    } else if (offset === scenario.mayFlush) {
      assert.not(found, `${when}: page ${offset} is another one`);
    } else if (offset === KEY) {
      const isNew = scenario.becomes !== undefined && Buffer.compare(got, scenario.becomes) === 0;
      assert.ok(!found || isNew, `${when}: page ${KEY} is neither old, new nor absent`);
    } else {
      assert.is(found, kept.has(offset), `${when}: page ${offset} is lost or back`);
      assert.not(found, `${when}: page ${offset} is another one`);
    }
  }
}

function checkEnd(setup: Setup, scenario: Scenario, kept: Set<number>, when: string): void {
  const { survivor, area } = setup;
  const { type } = area;
  const { frontswap, backend } = survivor;
  assert.is(testingExports(backend).validate(), 0, `${when}: the validator`);
  assert.is(frontswap.devices.places.findFault(type), null, when);
  backend.setLimit(Infinity);
  checkPages(setup, scenario, kept, when);
  assert.is(frontswap.devices.places.findFault(type), null, `${when}, after the gets`);
  if (scenario.forgetsAll) {
    frontswap.flushArea(type);
  } else {
    assert.ok(area.put(KEY, NEW), when);
    for (let offset = 0; offset < PAGES; offset++) area.flush(offset);
  }
  const { pages, payloadBytes, currPages } = survivor.stats();
  assert.equal([pages, payloadBytes, currPages, area.pagesOnDevice], [0, 0, 0, 0], when);
  assert.is(frontswap.devices.places.findFault(type), null, `${when}, flushed`);
  assert.is(testingExports(backend).validate(), 0, `${when}, flushed: the validator`);
}

/** Pages of the pool that the call does not concern can be got while the dead worker is unreaped. */
function checkGetsGoOn({ survivor, area }: Setup, kept: Set<number>, when: string): void {
  const { places } = survivor.frontswap.devices;
  const view = survivor.frontswap.devices.viewOf(area.type);
  for (const offset of kept) {
    if (offset === KEY || places.has(view, offset)) continue;
    if (!survivor.backend.getPage(area.type, offset, got)) continue;
    assert.ok(area.get(offset, got), `${when}: page ${offset} can't be got`);
    assert.is(Buffer.compare(got, pageOf(offset)), 0, `${when}: page ${offset}`);
  }
}

/**
 * Adds the cases to a suite.
 *
 * @param moduleStride how many points of the module are left out between two that are tried, less
 *   one; the module's own test has them all
 */
export function addDeathCases(test: ReturnType<typeof suite>, moduleStride: number): void {
  for (const scenario of SCENARIOS) {
    const strides = { "front-end": 1, module: moduleStride };
    for (const where of ["front-end", "module"] as const) {
      test(`${scenario.name}, in the ${where}`, async () => {
        let deaths = 0;
        for (let points = 0, died = true; died; points += strides[where]) {
          const setup = await makeSetup(scenario);
          const kept = keptBefore(setup);
          const { dying, survivor } = setup;
          died = die(dying.backend, where, points, () => scenario.run(setup));
          const when = `${scenario.name}, ${where}, point ${points}`;
          if (died) {
            deaths += 1;
            if (!scenario.forgetsAll) checkGetsGoOn(setup, kept, when);
            survivor.reap(dying.workerId);
          }
          checkEnd(setup, scenario, kept, when);
        }
        console.log(`note ${scenario.name}, ${where}: ${deaths} deaths`);
      });
    }

    test(`${scenario.name}, and the reaper dies too`, async () => {
      let deaths = 0;
      for (let points = 0; ; points += 2) {
        const setup = await makeSetup(scenario);
        const kept = keptBefore(setup);
        const { dying, survivor, reaper } = setup;
        if (!die(dying.backend, "front-end", points, () => scenario.run(setup))) break;
        // Another point of the reaper each time.
        const reap = (): void => void reaper.reap(dying.workerId);
        if (die(reaper.backend, "front-end", (points * 7) % 61, reap)) deaths += 1;
        survivor.reap(reaper.workerId, dying.workerId);
        checkEnd(setup, scenario, kept, `${scenario.name}, point ${points}, reaper dead`);
      }
      console.log(`note ${scenario.name}: ${deaths} reapers died`);
    });
  }
}

/** Runs a call that is to die. @returns false also when it met a dead worker's lock */
function diesUnmet(zmem: SharedZmem, points: number, run: () => void): boolean {
  try {
    return die(zmem.backend, "front-end", points, run);
  } catch (error) {
    if (error instanceof ZmemError && error.code === "ERR_ZMEM_HELD") return false;
    throw error;
  }
}

/** Adds cases in which a second worker dies while it flushes another page from the device. */
export function addPairCases(test: ReturnType<typeof suite>): void {
  for (const { prepare, ...rest } of SCENARIOS) {
    if (rest.forgetsAll) continue;
    const scenario: Scenario = {
      ...rest,
      mayFlush: LONE,
      prepare: (setup) => {
        moveOut(setup);
        if (prepare !== moveOut) prepare?.(setup);
      },
    };
    test(`${scenario.name}, and a flush by another, reaped together`, async () => {
      let pairs = 0;
      for (let point = 0, died = true; died; point += 3) {
        for (let other = point % 4; died; other += 4) {
          const setup = await makeSetup(scenario);
          const { dying, survivor, reaper, quietArea } = setup;
          const kept = keptBefore(setup);
          died = die(dying.backend, "front-end", point, () => scenario.run(setup));
          if (!died || !diesUnmet(reaper, other, () => void quietArea.flush(LONE))) break;
          const when = `${scenario.name}, points ${point} and ${other}`;
          assert.is(survivor.reap(dying.workerId, reaper.workerId), true, when);
          checkEnd(setup, scenario, kept, when);
          pairs += 1;
        }
      }
      assert.ok(pairs > 0, "pairs died");
      console.log(`note ${scenario.name}: ${pairs} pairs`);
    });
  }

  test("whom a dead worker was reaping is reaped with it", async () => {
    const scenario = SCENARIOS[0] as Scenario;
    let adopted = 0;
    for (let point = 0, died = true; died; point++) {
      const setup = await makeSetup(scenario);
      const kept = keptBefore(setup);
      const { dying, survivor, reaper } = setup;
      assert.ok(die(dying.backend, "front-end", 2, () => scenario.run(setup)));
      const reap = (): void => void reaper.reap(dying.workerId);
      died = die(reaper.backend, "front-end", point, reap);
      // The first store begins the reaping.
      if (died && point > 0) {
        assert.is(survivor.reap(reaper.workerId), true);
        if (!survivor.reap(dying.workerId)) adopted += 1;
      } else if (died) {
        survivor.reap(reaper.workerId, dying.workerId);
      }
      checkEnd(setup, scenario, kept, `point ${point} of the reaper`);
    }
    assert.ok(adopted > 0, "nothing is left to be reaped");
  });
}
