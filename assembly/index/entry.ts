/**
 * Entries: what the index knows of one page, in one 64-bit word.
 *
 * Why so: a word can be published and read in one go, also by several workers; 8 bytes a page keep
 * the index under 1 % of the memory held. The entry alone says what the page is: never an option
 * that may change later.
 *
 * ```
 * 63              55 54    53   52 51     48 47            32 31                           0
 * ├─ version ───────┼ tried ┼recency┼─ form ──┼─ length - 1 ───┼─ location, or word of filling ─┤
 * ```
 * - form ABSENT: the word is 0 as a whole
 * - form FILLED: a page of one repeated 32-bit word, kept in the low half; no object
 * - form FILLED_OBJECT: a page of one repeated 64-bit word, kept as an object of 8 bytes
 * - form RAW: an object of the page itself
 * - form BLOCK + codec: an object of a compressed block
 *
 * Recency counts gets, up to 3; the hand of writeback counts it down (writeback.ts). Tried: the
 * block can't get smaller (recompress.ts). Version: 0 in the plain build; in the shared
 * one it tells two publications of the same location apart (shared/stripe).
 */

export const ENTRY_SIZE: u32 = 8;

export const FORM_ABSENT: u32 = 0;
export const FORM_FILLED: u32 = 1;
export const FORM_FILLED_OBJECT: u32 = 2;
export const FORM_RAW: u32 = 3;
/** A block of codec c has the form FORM_BLOCK + c; codec ids start at 1. */
export const FORM_BLOCK: u32 = 3;

const LENGTH_SHIFT: u64 = 32;
const FORM_SHIFT: u64 = 48;
const FORM_MASK: u32 = 15;
const RECENCY_SHIFT: u64 = 52;
export const RECENCY_MASK: u32 = 3;
export const RECENCY_ONE: u64 = (<u64>1) << RECENCY_SHIFT;
const VERSION_SHIFT: u64 = 55;
const VERSION_ROOM: u64 = ((<u64>1) << VERSION_SHIFT) - 1;
const TRIED: u64 = (<u64>1) << 54;

/** The entry of a page kept as an object. */
export function objectEntry(form: u32, length: u32, location: u32): u64 {
  return ((<u64>form) << FORM_SHIFT) | ((<u64>(length - 1)) << LENGTH_SHIFT) | (<u64>location);
}

/** The entry of a page of one repeated 32-bit word. */
export function filledEntry(word: u32): u64 {
  return ((<u64>FORM_FILLED) << FORM_SHIFT) | (<u64>word);
}

export function entryToForm(entry: u64): u32 {
  return (<u32>(entry >> FORM_SHIFT)) & FORM_MASK;
}

/** Bytes of the object's payload; no meaning for FORM_FILLED. */
export function entryToLength(entry: u64): u32 {
  return ((<u32>(entry >> LENGTH_SHIFT)) & 0xffff) + 1;
}

/** Location of the object, or the 32-bit word of a FORM_FILLED page. */
export function entryToLocation(entry: u64): u32 {
  return <u32>entry;
}

export function entryToCodec(entry: u64): u32 {
  return entryToForm(entry) - FORM_BLOCK;
}

/** Whether the entry owns an object. */
export function hasObject(entry: u64): bool {
  return entryToForm(entry) > FORM_FILLED;
}

/** How often the page was got lately: 0 to 3. */
export function entryToRecency(entry: u64): u32 {
  return (<u32>(entry >> RECENCY_SHIFT)) & RECENCY_MASK;
}

/** Counts a get at the address of the entry. */
export function raiseRecency(address: usize, entry: u64): void {
  // For bench/writeback/recency.ts, which measures what this costs a get.
  if (isDefined(ZMEM_NO_RECENCY)) return;
  if (entryToRecency(entry) != RECENCY_MASK) store<u64>(address, entry + RECENCY_ONE);
}

/** Takes one get back; the recency must not be 0. */
export function lowerRecency(address: usize, entry: u64): void {
  store<u64>(address, entry - RECENCY_ONE);
}

/** Whether two entries name the same stored bytes, whatever happened to their recency. */
export function isSameObject(one: u64, other: u64): bool {
  const mask = ~((<u64>RECENCY_MASK) << RECENCY_SHIFT);
  return (one & mask) == (other & mask);
}

/** `entry` with the low nine bits of a version, which the shared build gives each word it stores. */
export function withVersion(entry: u64, version: u32): u64 {
  return (entry & VERSION_ROOM) | ((<u64>version) << VERSION_SHIFT);
}

/** How many versions there are before one comes round. */
export const VERSIONS: u32 = 1 << (64 - <u32>VERSION_SHIFT);

export function entryToVersion(entry: u64): u32 {
  return <u32>(entry >> VERSION_SHIFT);
}

/** Whether recompression has been tried on this block. */
export function isTried(entry: u64): bool {
  return (entry & TRIED) != 0;
}

export function asTried(entry: u64): u64 {
  return entry | TRIED;
}

/** `entry` with the recency of `other`. */
export function withRecencyOf(entry: u64, other: u64): u64 {
  return entry | ((<u64>entryToRecency(other)) << RECENCY_SHIFT);
}
