/**
 * Two deaths at once, the first one in compaction, sliding, writeback or recompression; and these
 * calls where a dead worker is in their way.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { countPoints, isHeld, scenariosOf, testPairs } from "./death-pairs.ts";
import {
  checkEnd,
  checkPages,
  die,
  keptBefore,
  makePool,
  OTHER_TYPE,
  pageOf,
  TYPE,
  type Scenario,
} from "./dying-calls.ts";

const test = suite("shared pool, deaths during its maintenance");

testPairs(test, scenariosOf("compaction", "sliding of zspages", "writeback", "recompression"));

test("compaction and recompression end at the first lock of a dead worker, and say whose", () => {
  for (const scenario of scenariosOf("sliding of zspages", "compaction", "recompression")) {
    const wanted = scenario.name;
    let held = 0;
    for (let point = 0; ; point++) {
      const pool = makePool(scenario);
      pool.openType(OTHER_TYPE);
      const kept = keptBefore(pool, scenario);
      const dead = SharedZmemBackend.attach(pool.attachment);
      const { workerId } = dead;
      if (!die(dead, point, () => void dead.putPage(OTHER_TYPE, 1, pageOf(1)))) break;
      try {
        if (wanted === "recompression") pool.recompress();
        else pool.compact();
      } catch (error) {
        if (!isHeld(error)) throw error;
        assert.match(String(error), `by worker ${workerId}`);
        held++;
      }
      checkPages(pool, scenario, kept, `${wanted}, point ${point}, before reap`);
      assert.is(pool.reap(workerId), true);
      if (wanted === "recompression") pool.recompress();
      else assert.is(pool.compact().done, true, "nothing is in the way any more");
      checkEnd(pool, scenario, kept, `${wanted}, point ${point}`);
    }
    assert.ok(held > 0, `${wanted} met a dead worker`);
  }
});

/** Where the block of a page lies, and the word of its entry. */
interface Stored {
  readonly address: number;
  readonly entryAddress: number;
  readonly word: bigint;
  readonly bytes: Uint8Array;
}

function storedPages(pool: SharedZmemBackend, offsets: Iterable<number>): Stored[] {
  const { memory } = pool.instance;
  const data = new DataView(memory.buffer);
  return [...offsets].flatMap((offset) => {
    const address = pool.locatePage(TYPE, offset)?.address;
    const bytes = pool.readBlock(TYPE, offset)?.block;
    if (address === undefined || bytes === undefined) return [];
    const entryAddress = data.getUint32(address - 4, true) & ~1;
    const word = data.getBigUint64(entryAddress, true);
    return [{ address, entryAddress, word, bytes }];
  });
}

test("no byte of a page changes while its entry does not, whoever dies while sliding or reaping", () => {
  const scenario = scenariosOf("sliding of zspages")[0] as Scenario;
  const points = countPoints(scenario);
  let compared = 0;
  for (let point = 0; point < points; point += 5) {
    const pool = makePool(scenario);
    const kept = keptBefore(pool, scenario);
    const slider = SharedZmemBackend.attach(pool.attachment);
    const reaper = SharedZmemBackend.attach(pool.attachment);
    const ids = [slider.workerId, reaper.workerId] as const;
    const stored = storedPages(pool, kept);
    assert.ok(die(slider, point, () => void slider.compact()));
    const reaperPoint = (point * 3) % 43;
    const died = die(reaper, reaperPoint, () => void reaper.reap(ids[0]));
    const data = new DataView(pool.instance.memory.buffer);
    const when = `point ${point}, reaper's ${reaperPoint}`;
    for (const { address, entryAddress, word, bytes } of stored) {
      if (data.getBigUint64(entryAddress, true) !== word) continue;
      const now = new Uint8Array(data.buffer, address, bytes.length);
      assert.is(Buffer.compare(now, bytes), 0, when);
      compared++;
    }
    if (died) pool.reap(...ids);
    else reaper.detach();
    checkEnd(pool, scenario, kept, when);
  }
  assert.ok(compared > 0, "some entries were still the same");
});

test.run();
