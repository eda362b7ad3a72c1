/**
 * The entry of the shared testing build: the shared ABI, the validator and what tests mangle.
 */
export * from "./index";
export { failAllocations, failuresSeen, pointsSeen } from "../supply/fault";
export { deathPoints, dieAfter } from "./crash";
export { declareDeadAfter, heldLock, journalWord } from "./inspect-locks";
export { validate } from "./validate";
