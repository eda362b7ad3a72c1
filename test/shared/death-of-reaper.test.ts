/**
 * Death of whoever recovers: a call traps at one of its points, then `reap` at one of its own.
 *
 * Another worker reaps both; then the same must hold as after one death (death.test.ts).
 */
import { suite } from "uvu";
import { SharedZmemBackend } from "../../src/backends/shared.ts";
import { checkEnd, die, keptBefore, makePool, SCENARIOS } from "./dying-calls.ts";

const test = suite("shared pool, death of the reaper");

for (const scenario of SCENARIOS) {
  test(`${scenario.name}`, () => {
    let deaths = 0;
    for (let points = 0; ; points += 3) {
      const pool = makePool(scenario);
      const kept = keptBefore(pool, scenario);
      const worker = SharedZmemBackend.attach(pool.attachment);
      const { workerId } = worker;
      const reaper = SharedZmemBackend.attach(pool.attachment);
      const reaperId = reaper.workerId;
      if (!die(worker, points, () => scenario.run(worker))) break;
      // Another point of the reaper each time, over a few hundred.
      const died = die(reaper, (points * 7) % 41, () => void reaper.reap(workerId));
      const when = `${scenario.name}, point ${points}, reaper ${died ? "dead" : "alive"}`;
      if (!died) reaper.detach();
      else deaths++;
      if (died) pool.reap(workerId, reaperId);
      checkEnd(pool, scenario, kept, when);
    }
    console.log(`note ${scenario.name}: ${deaths} reapers died`);
  });
}

test.run();
