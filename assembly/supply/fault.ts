/**
 * Fault injection for the testing build: makes the n-th allocation fail.
 *
 * Why so: every path on which memory may be refused must lose nothing and leak nothing, and the
 * tests make each of them fail in turn. In the release build this folds to nothing.
 */

/** Allocations left until one fails; negative: none fails. */
let allocationsLeft: i32 = -1;
/** How many fail from then on. */
let failuresLeft: i32 = 0;

/** Whether an allocation may be tried; always true in the release build. */
export function allocationMayGoOn(): bool {
  if (isDefined(ZMEM_CHECK)) {
    if (allocationsLeft < 0) return true;
    if (allocationsLeft > 0) {
      allocationsLeft--;
      return true;
    }
    if (failuresLeft > 0) {
      failuresLeft--;
      return false;
    }
    allocationsLeft = -1;
  }
  return true;
}

/** Lets `after` allocations pass, then makes `count` fail; a negative `after` switches this off. */
export function failAllocations(after: i32, count: i32): void {
  allocationsLeft = after;
  failuresLeft = count;
}
