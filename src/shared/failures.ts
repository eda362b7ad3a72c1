/**
 * What the calls of a shared front-end throw.
 */
import { ZmemError } from "../errors.ts";

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
