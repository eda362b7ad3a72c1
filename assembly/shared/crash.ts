/**
 * Points at which a worker may die, for the testing build: the n-th one traps.
 *
 * Why so: a worker that is terminated stops at some instruction between two others, and a random
 * moment seldom falls where it hurts. A test makes an instance trap at every point of every call in
 * turn, declares it dead from another instance, and has the pool walked. In the release build this
 * folds to nothing.
 */

let pointsLeft: i64 = -1;
let points: u32 = 0;
let storeAt: u32 = 0;
let storeAddress: usize = 0;
let storeValue: u32 = 0;

/** A point between two stores. */
export function mayDie(): void {
  if (isDefined(ZMEM_CHECK)) {
    points++;
    if (points == storeAt) atomic.store<u32>(storeAddress, storeValue);
    if (pointsLeft < 0) return;
    if (!pointsLeft--) unreachable();
  }
}

/** Makes the point after so many others trap; a negative number switches this off. */
export function dieAfter(count: i32): void {
  pointsLeft = count;
}

/** Stores a word at the point after so many others, as another worker would at that moment. */
export function storeAfter(count: u32, address: usize, value: u32): void {
  storeAt = points + count + 1;
  storeAddress = address;
  storeValue = value;
}

/** Points passed since the instance started. */
export function deathPoints(): u32 {
  return points;
}
