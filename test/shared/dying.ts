/**
 * Death at a point of one's choice, of a worker that lives in the thread of the test.
 *
 * What: while `die` runs, the n-th store to shared memory, of the front-end or of the module, throws
 * instead, and so does every one after it. What the engine then unwinds (locks that are to be
 * released, notes that are to be cleared) therefore changes nothing, as if the thread had stopped.
 *
 * Why so: a worker that is terminated stops between two instructions, and a random moment seldom
 * falls where it hurts.
 */
import type { SharedZmemBackend } from "../../src/backends/shared.ts";

class Death extends Error {}

interface DyingExports {
  dieAfter(count: number): void;
  deathPoints(): number;
}

const STORES = [
  "store",
  "add",
  "sub",
  "and",
  "or",
  "xor",
  "exchange",
  "compareExchange",
] as const satisfies readonly (keyof typeof Atomics)[];

/**
 * @param points stores that go well
 * @param where counts the front-end's stores, or the module's
 * @returns whether it died
 */
export function die(
  backend: SharedZmemBackend,
  where: "front-end" | "module",
  points: number,
  run: () => void,
): boolean {
  const exports = backend.instance.exports as unknown as DyingExports;
  const before = exports.deathPoints();
  let left = where === "front-end" ? points : Infinity;
  if (where === "module") exports.dieAfter(points);
  const isDead = (): boolean =>
    left < 0 || (where === "module" && exports.deathPoints() - before > points);
  const kept = STORES.map((name) => Atomics[name] as (...values: unknown[]) => unknown);
  STORES.forEach((name, at) => {
    (Atomics as unknown as Record<string, unknown>)[name] = (...values: unknown[]): unknown => {
      if (isDead() || --left < 0) throw new Death();
      return (kept[at] as (...values: unknown[]) => unknown)(...values);
    };
  });
  try {
    run();
  } catch (error) {
    if (!isDead()) throw error;
  } finally {
    STORES.forEach((name, at) => {
      (Atomics as unknown as Record<string, unknown>)[name] = kept[at];
    });
    exports.dieAfter(-1);
  }
  return isDead();
}
