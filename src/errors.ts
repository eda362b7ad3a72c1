/**
 * The errors that a user of zmem can meet, and the checks at the public border.
 *
 * Why so: arguments are validated once, where they enter, before anything changes; the code behind
 * trusts them. A message says what was expected and what came.
 *
 * Source: DESIGN decisions: rejection is `false`; a bad argument throws TypeError or RangeError;
 * corruption, device failure and use after close throw ZmemError with a code.
 */

/** What went wrong, for programs. */
export type ZmemErrorCode =
  /** A stored block does not decode to a page. */
  | "ERR_ZMEM_CORRUPT"
  /** A swap device failed. */
  | "ERR_ZMEM_DEVICE"
  /** Used after close. */
  | "ERR_ZMEM_CLOSED"
  /** The engine can't run the module (WebAssembly or SIMD missing). */
  | "ERR_ZMEM_UNSUPPORTED"
  /** The module could not be loaded or is not zmem's. */
  | "ERR_ZMEM_MODULE"
  /** The swap type is not on. */
  | "ERR_ZMEM_TYPE_OFF";

/** An error that is not the fault of an argument. */
export class ZmemError extends Error {
  readonly code: ZmemErrorCode;

  constructor(code: ZmemErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ZmemError";
    this.code = code;
  }
}

export const MIN_PAGE_SIZE = 4096;
export const MAX_PAGE_SIZE = 65536;
export const MAX_OFFSET = 0xffff_ffff;

/** @throws RangeError unless `value` is a power of two from 4096 to 65536 */
export function checkPageSize(value: unknown): asserts value is number {
  const isPowerOfTwo =
    typeof value === "number" && Number.isInteger(value) && (value & (value - 1)) === 0;
  if (!isPowerOfTwo || value < MIN_PAGE_SIZE || value > MAX_PAGE_SIZE) {
    throw new RangeError(
      `page size: expected a power of two from ${MIN_PAGE_SIZE} to ${MAX_PAGE_SIZE}, got ${describe(value)}`,
    );
  }
}

/** @throws TypeError or RangeError unless `value` is a u32 */
export function checkOffset(value: unknown): asserts value is number {
  if (typeof value !== "number") {
    throw new TypeError(`offset: expected a number, got ${describe(value)}`);
  }
  if (value >>> 0 !== value) {
    throw new RangeError(
      `offset: expected an integer from 0 to ${MAX_OFFSET}, got ${describe(value)}`,
    );
  }
}

/** @throws TypeError unless `value` is a Uint8Array, RangeError unless it has `pageSize` bytes */
export function checkPage(value: unknown, pageSize: number): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`page: expected a Uint8Array, got ${describe(value)}`);
  }
  if (value.length !== pageSize) {
    throw new RangeError(
      `page: expected ${pageSize} bytes, got ${value.length}${isDetached(value) ? " (its buffer is detached)" : ""}`,
    );
  }
}

function isDetached(view: Uint8Array): boolean {
  if (view.length !== 0) return false;
  try {
    // Only a detached buffer refuses a fresh view of no bytes.
    new Uint8Array(view.buffer, 0, 0);
    return false;
  } catch {
    return true;
  }
}

/** How a received value is shown in an error message: type and value, cut to one line. */
export function describe(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return String(value);
  }
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") return value.constructor?.name ?? "an object";
  return `a ${typeof value}`;
}
