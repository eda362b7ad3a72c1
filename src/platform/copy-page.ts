/**
 * Copies a page into or out of shared memory by the fastest way that the platform has.
 *
 * Why so: on shared memory `TypedArray.prototype.set` copies 8 bytes at a time where both ends are
 * aligned alike and single bytes where not. Node's `Buffer.prototype.fill` with as many bytes as it
 * is to fill is one memcpy, wherever they lie. Best of 12 rounds of 4096 bytes, in / out, Node
 * 20.20, 2026-11:
 * ```
 * not shared: set                74 /   75 ns   not shared, for comparison
 * set                           217 /  198      the same by Float64Array and BigUint64Array
 * set, page not aligned to 8   1402 / 1444
 * Buffer.copy                   205 /  209      calls set
 * Buffer.fill                   130 /  132      152 as a method borrowed by a Uint8Array
 * loop over Float64Array        168 /  168      refused: makes other bits of some NaNs
 * loop over BigUint64Array      267 /  232      over Int32Array: 356 / 305
 * ```
 * Elsewhere a page that is not aligned goes by way of a buffer that is, which is not shared.
 */

/** Copies `source` to `destination`, which is as long. One of them is shared and aligned to 8. */
export type CopyPage = (destination: Uint8Array, source: Uint8Array) => void;

let bounce = new Uint8Array(0);

/** By `set`. */
export function copyBySet(destination: Uint8Array, source: Uint8Array): void {
  if (((destination.byteOffset | source.byteOffset) & 7) === 0) {
    destination.set(source);
    return;
  }
  if (bounce.length !== source.length) bounce = new Uint8Array(source.length);
  bounce.set(source);
  destination.set(bounce);
}

function copyByFill(destination: Uint8Array, source: Uint8Array): void {
  Buffer.prototype.fill.call(destination, source);
}

/** A Buffer that a bundler brings along fills byte by byte. */
const isNode = typeof process === "object" && process.versions?.node !== undefined;

/** The fastest copy here. */
export const copyPage: CopyPage = isNode ? copyByFill : copyBySet;
