/**
 * The answers of the module's calls: numbers, since only numbers cross the border.
 *
 * Invariant: src/backends/abi.ts holds the same numbers; a test compares them.
 */

/** The call did what it says. */
export const STATUS_OK: i32 = 0;
/** There is no page under this key. */
export const STATUS_ABSENT: i32 = 1;
/** Rejected: the type is not open. */
export const STATUS_CLOSED_TYPE: i32 = 2;
/** Rejected: puts are switched off. */
export const STATUS_DISABLED: i32 = 3;
/** Rejected: memory held or in use would pass the limit. */
export const STATUS_LIMIT: i32 = 4;
/** Rejected: the engine refused to grow the memory, or every zspage id is taken. */
export const STATUS_GROWTH: i32 = 5;
/** Rejected: the page does not compress and raw pages are refused. */
export const STATUS_INCOMPRESSIBLE: i32 = 6;
/** The stored block does not decode to a page. */
export const STATUS_CORRUPT: i32 = 7;
/** An argument of `boot` is out of range, or the memory was used before. */
export const STATUS_INVALID: i32 = 8;
/** Shared build: a lock was held beyond the bound, perhaps by a worker that died. */
export const STATUS_HELD: i32 = 9;
/** Shared build: no worker record is free, or none has this id. */
export const STATUS_NO_WORKER: i32 = 10;

/** How many reject reasons are counted: STATUS_CLOSED_TYPE to STATUS_INCOMPRESSIBLE. */
export const REJECT_FIRST: i32 = STATUS_CLOSED_TYPE;
export const REJECT_COUNT: i32 = 5;
