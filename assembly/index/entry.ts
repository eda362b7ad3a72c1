/**
 * Entries: what the index knows of one page, in one 64-bit word.
 *
 * Why so: a word can be published and read in one go, also by several workers; 8 bytes a page keep
 * the index under 1 % of the memory held. The entry alone says what the page is: never an option
 * that may change later.
 *
 * ```
 * 63          56 55     54 53   52 51     48 47            32 31                           0
 * ├─ version ───┼─ lock ──┼─recency┼─ form ──┼─ length - 1 ───┼─ location, or word of filling ─┤
 * ```
 * - form ABSENT: the word is 0 as a whole
 * - form FILLED: a page of one repeated 32-bit word, kept in the low half; no object
 * - form FILLED_OBJECT: a page of one repeated 64-bit word, kept as an object of 8 bytes
 * - form RAW: an object of the page itself
 * - form BLOCK + codec: an object of a compressed block
 *
 * Version, lock and recency are zero in this build; they are the room that workers and writeback
 * need.
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

/** The entry of a page kept as an object. */
export function objectEntry(form: u32, length: u32, location: u32): u64 {
  return (<u64>form << FORM_SHIFT) | (<u64>(length - 1) << LENGTH_SHIFT) | <u64>location;
}

/** The entry of a page of one repeated 32-bit word. */
export function filledEntry(word: u32): u64 {
  return (<u64>FORM_FILLED << FORM_SHIFT) | <u64>word;
}

export function entryToForm(entry: u64): u32 {
  return <u32>(entry >> FORM_SHIFT) & FORM_MASK;
}

/** Bytes of the object's payload; no meaning for FORM_FILLED. */
export function entryToLength(entry: u64): u32 {
  return (<u32>(entry >> LENGTH_SHIFT) & 0xffff) + 1;
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

/** The same entry with its object elsewhere. */
export function withLocation(entry: u64, location: u32): u64 {
  return (entry & 0xffff_ffff_0000_0000) | <u64>location;
}
