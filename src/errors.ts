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
  /** The engine refused the first memory of a pool. */
  | "ERR_ZMEM_MEMORY"
  /** The swap type is not on. */
  | "ERR_ZMEM_TYPE_OFF"
  /** The page is on an asynchronous device: only `getAsync` can have it. */
  | "ERR_ZMEM_ASYNC"
  /** A backend that still keeps pages was to be replaced. */
  | "ERR_ZMEM_BUSY"
  /** A backend says that it has no page where it had accepted one. */
  | "ERR_ZMEM_LOST"
  /** A lock of a shared pool could not be had in time: its holder sleeps, or has died. */
  | "ERR_ZMEM_HELD"
  /** A shared pool can't do this. */
  | "ERR_ZMEM_SHARED"
  /** A backend threw something unforeseen, which is the `cause`. */
  | "ERR_ZMEM_BACKEND";

/** An error that is not the fault of an argument. */
export class ZmemError extends Error {
  readonly code: ZmemErrorCode;

  constructor(code: ZmemErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ZmemError";
    this.code = code;
  }
}

/** Bytes of a page: a power of two between these two. */
export const MIN_PAGE_SIZE = 4096;
export const MAX_PAGE_SIZE = 65536;

/** The highest number of a page inside its swap area; offsets are u32. */
export const MAX_OFFSET = 0xffff_ffff;

/** The most pages that a swap area can have: one per offset. */
export const MAX_PAGES = MAX_OFFSET + 1;

/** Swap types are numbered from 0 to MAX_TYPES - 1, in the module as here. */
export const MAX_TYPES = 1024;

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

/** @throws RangeError unless a backend that was started is asked for the page size that it has */
export function checkSamePageSize(value: unknown, started: number): void {
  if (value === started) return;
  throw new RangeError(
    `page size: expected ${started}, as at the first init, got ${describe(value)}`,
  );
}

/** The longest time that a wait can be given, in milliseconds: 24 days. */
const MAX_PATIENCE_MS = 2 ** 31 - 1;

/**
 * Checks how long a lock is to be waited for.
 *
 * @param name of the option
 * @returns it, or the longest time that there is
 * @throws TypeError unless `value` is a number, RangeError unless it is 1 or more
 */
export function checkPatience(name: string, value: unknown): number {
  if (typeof value !== "number") {
    throw new TypeError(`${name}: expected a number, got ${describe(value)}`);
  }
  if (value >= 1) return Math.min(value, MAX_PATIENCE_MS);
  throw new RangeError(`${name}: expected 1 or more milliseconds, got ${value}`);
}

/**
 * Checks the number of a swap type.
 *
 * @throws TypeError unless `value` is a number, RangeError unless it is an integer from 0 to 1023
 */
export function checkType(value: unknown): asserts value is number {
  checkInteger("swap type", value, 0, MAX_TYPES - 1);
}

/**
 * Checks the number of pages of a swap area.
 *
 * @throws TypeError unless `value` is a number, RangeError unless it is an integer from 1 to 2^32
 */
export function checkPages(value: unknown): asserts value is number {
  checkInteger("pages", value, 1, MAX_PAGES);
}

/**
 * Checks the number of a page inside an area.
 *
 * @param pages how many pages the area has; 2^32, the most there can be, when left out
 * @throws TypeError unless `value` is a number, RangeError unless it is a u32 below `pages`
 */
export function checkOffset(value: unknown, pages: number = MAX_PAGES): asserts value is number {
  if (typeof value === "number" && value >>> 0 === value && value < pages) return;
  checkInteger("offset", value, 0, pages - 1);
}

/**
 * Checks the key of a page at a backend's own border, where the module would cut it to a u32.
 *
 * @throws TypeError or RangeError as checkType and checkOffset
 */
export function checkKey(type: unknown, offset: unknown): void {
  checkType(type);
  checkOffset(offset);
}

/** Whether it is one, of this realm or of another (a frame, a test runner's sandbox). */
export function isUint8Array(value: unknown): value is Uint8Array {
  if (value instanceof Uint8Array) return true;
  return (
    ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === "[object Uint8Array]"
  );
}

/**
 * Checks a page. One on a SharedArrayBuffer is accepted: that nobody writes to it meanwhile is its
 * owner's affair.
 *
 * @throws TypeError unless `value` is a Uint8Array whose buffer is attached, RangeError unless it
 *   has `pageSize` bytes
 */
export function checkPage(value: unknown, pageSize: number): asserts value is Uint8Array {
  if (!isUint8Array(value)) {
    throw new TypeError(`page: expected a Uint8Array, got ${describe(value)}`);
  }
  if (value.length === pageSize) return;
  if (isDetached(value)) {
    throw new TypeError(
      `page: expected ${pageSize} bytes, got a Uint8Array whose buffer is detached (transferred, or memory that has grown)`,
    );
  }
  throw new RangeError(`page: expected ${pageSize} bytes, got ${value.length}`);
}

/**
 * Checks the bytes of neighbouring pages.
 *
 * @param room pages that there is room for from the first one on
 * @returns how many pages they are
 * @throws TypeError unless `value` is a Uint8Array whose buffer is attached, RangeError unless it
 *   has a multiple of `pageSize` bytes, `room` pages at most
 */
export function checkRange(value: unknown, pageSize: number, room: number): number {
  if (!isUint8Array(value)) {
    throw new TypeError(`range: expected a Uint8Array, got ${describe(value)}`);
  }
  if (isDetached(value)) {
    throw new TypeError("range: expected pages, got a Uint8Array whose buffer is detached");
  }
  const pages = value.length / pageSize;
  if (!Number.isInteger(pages)) {
    throw new RangeError(`range: expected a multiple of ${pageSize} bytes, got ${value.length}`);
  }
  if (pages > room) {
    throw new RangeError(`range: expected at most ${room} pages from this offset, got ${pages}`);
  }
  return pages;
}

/** Whether an error says that what a call was made on was closed by its owner. */
export function isClosedError(error: unknown): boolean {
  return error instanceof ZmemError && error.code === "ERR_ZMEM_CLOSED";
}

/** Makes a call that has nothing left to do where what it is made on was closed by its owner. */
export function unlessClosed(call: () => void): void {
  try {
    call();
  } catch (error) {
    if (!isClosedError(error)) throw error;
  }
}

/** How a received value is shown in an error message: type and value, cut to one line. */
export function describe(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") {
    return value.length > 40 ? `${JSON.stringify(value.slice(0, 40))}…` : JSON.stringify(value);
  }
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object") {
    const { constructor } = value;
    return typeof constructor === "function" && constructor.name ? constructor.name : "an object";
  }
  return `a ${typeof value}`;
}

function checkInteger(what: string, value: unknown, lowest: number, highest: number): void {
  if (typeof value !== "number") {
    throw new TypeError(`${what}: expected a number, got ${describe(value)}`);
  }
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw new RangeError(
      `${what}: expected an integer from ${lowest} to ${highest}, got ${describe(value)}`,
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
