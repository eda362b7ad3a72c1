/**
 * What the calls of a shared front-end throw.
 */
import { describe, ZmemError } from "../errors.ts";

/** Whether a lock could not be had, which has changed nothing. */
export function isHeld(error: unknown): boolean {
  return error instanceof ZmemError && error.code === "ERR_ZMEM_HELD";
}

export function closedError(): ZmemError {
  return new ZmemError("ERR_ZMEM_CLOSED", "the front-end is closed, or this worker has left it");
}

export function noRoomError(pages: number): RangeError {
  return new RangeError(`pages: no memory for the presence bits of ${pages} pages`);
}

export function lostError(type: number, offset: number): ZmemError {
  return new ZmemError(
    "ERR_ZMEM_LOST",
    `${keyToText(type, offset)}: the backend has no page, though it had accepted one`,
  );
}

/** What a backend threw, as a ZmemError, so that a caller can tell it from its own bad argument. */
export function backendFailure(type: number, offset: number, error: unknown): ZmemError {
  if (error instanceof ZmemError) return error;
  const what = error instanceof Error ? error.message : describe(error);
  return new ZmemError(
    "ERR_ZMEM_BACKEND",
    `${keyToText(type, offset)}: the backend failed: ${what}`,
    { cause: error },
  );
}

function keyToText(type: number, offset: number): string {
  return `swap type ${type}, offset ${offset}`;
}
