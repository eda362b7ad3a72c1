/**
 * Fault injection for the testing build: makes the n-th allocation or growth fail.
 *
 * Why so: every path on which memory may be refused must lose nothing and leak nothing, and the
 * tests make each of them fail in turn. A *point* is a place where memory is asked for: a run from
 * the supply, or wasm pages from the engine. In the release build this folds to nothing.
 */

/** Points left until one fails; negative: none fails. */
let pointsLeft: i32 = -1;
/** How many fail from then on. */
let failuresLeft: i32 = 0;
let points: u32 = 0;
let failures: u32 = 0;

/** Whether memory may be asked for at this point; always true in the release build. */
export function pointMayPass(): bool {
  if (isDefined(ZMEM_CHECK)) {
    points++;
    if (pointsLeft < 0) return true;
    if (pointsLeft > 0) {
      pointsLeft--;
      return true;
    }
    if (failuresLeft > 0) {
      failuresLeft--;
      failures++;
      return false;
    }
    pointsLeft = -1;
  }
  return true;
}

/** Lets `after` points pass, then makes `count` fail; a negative `after` switches this off. */
export function failAllocations(after: i32, count: i32): void {
  pointsLeft = after;
  failuresLeft = count;
  failures = 0;
}

/** Failures since they were last asked for. */
export function failuresSeen(): u32 {
  return failures;
}

/** Points since the instance started. */
export function pointsSeen(): u32 {
  return points;
}
