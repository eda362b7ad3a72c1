/**
 * What failures of backends and devices become: errors with a code and the page's key, the same from
 * the front-end of one thread and from that of many.
 */
import { describe, ZmemError } from "./errors.ts";

/** The backend has no page where it had accepted one. */
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

/** What a device threw, or a sentence on what it did wrong, as a ZmemError: one stays what it is. */
export function deviceFailure(
  type: number,
  offset: number,
  verb: string,
  error: unknown,
): ZmemError {
  return error instanceof ZmemError ? error : deviceError(type, offset, verb, error);
}

/** The same for whatever was thrown, also where a code of its own would promise too much. */
export function deviceError(type: number, offset: number, verb: string, error: unknown): ZmemError {
  const what = error instanceof Error ? error.message : String(error);
  return new ZmemError(
    "ERR_ZMEM_DEVICE",
    `${keyToText(type, offset)}: the device could not ${verb}: ${what}`,
    { cause: error },
  );
}

function keyToText(type: number, offset: number): string {
  return `swap type ${type}, offset ${offset}`;
}
