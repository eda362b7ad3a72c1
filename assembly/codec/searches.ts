/**
 * The searches of efforts `fast` and `default`: which one suits a page.
 *
 * What: the shape of the page chooses how many bytes are hashed, which are the shortest matches that
 * are surely seen, and which positions are looked up:
 *   default, below 32 KiB   long words by 6.5 bytes at each position, everything else by 5
 *   default, from 32 KiB    words by 5 bytes at words alone, sparse pages by 4, else by 5
 *   fast                    long words, from 32 KiB all words, by 5 bytes at words alone; text by 5,
 *                           from 32 KiB by 7, short words by 5; the rest at every other position, by
 *                           6.25 where it is sparse and else by 7
 * With near offsets a sequence is a byte shorter, so shorter matches pay: long words below 32 KiB are
 * searched by 5.5 bytes; all else is the same.
 *
 * Why so: what decided is measured in docs/codec.md, "By the shape of the page" and "Near offsets". Each
 * function here is one loop of greedy.ts, made for its constants, or two, for a small table and a large.
 */
import { search } from "./greedy";
import {
  DENSE_STRIDE,
  EVEN_STRIDE,
  LONG_HASH,
  LONGEST_HASH,
  MEDIUM_HASH,
  MIDDLE_HASH,
  SHORT_HASH,
  SPARSE_HASH,
  WORD_STRIDE,
} from "./match";
import { UNIT_LONG_WORD, UNIT_NONE, UNIT_WORD } from "./near-format";
import {
  SHAPE_LONG_WORDS,
  SHAPE_OTHER,
  SHAPE_RUNS,
  SHAPE_SPARSE,
  SHAPE_TEXT,
  SHAPE_WORDS,
} from "./page-shape";

/** Entries of the table, as a power of two, for words of pages up to 8 KiB. */
const WORD_TABLE_BITS: u64 = 11;
/** Entries of the table for pages up to 8 KiB. */
const SMALL_TABLE_BITS: u64 = 12;
/** Entries of the table for larger pages of words and of text by long matches, and sparse ones. */
const MIDDLE_TABLE_BITS: u64 = 13;
/** Entries of the table for all other larger pages: 2 % slower than 13 bits for 1 % of size. */
const LARGE_TABLE_BITS: u64 = 14;
/** The smallest page in which fewer look-ups find enough: words alone, or text by long matches. */
const WORD_SEARCH_PAGE_SIZE: u32 = 32768;
/** The largest page that is searched with the small table. */
const SMALL_PAGE_SIZE: u32 = 8192;

/** @returns bytes of the table for a page size */
export function greedyTableSize(pageSize: u32): u32 {
  const bits = pageSize <= SMALL_PAGE_SIZE ? SMALL_TABLE_BITS : LARGE_TABLE_BITS;
  return 2 << u32(bits);
}

/** A search whose table is small for pages up to SMALL_PAGE_SIZE, and large for larger ones. */
// @ts-ignore: decorator
@inline
function searchBySize(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
  stride: usize,
  smallBits: u64,
  largeBits: u64,
  hashed: u64,
  hasNear: bool,
  unit: usize,
): u32 {
  return pageSize <= SMALL_PAGE_SIZE
    ? search(
        destination,
        capacity,
        source,
        pageSize,
        table,
        stride,
        smallBits,
        hashed,
        hasNear,
        unit,
      )
    : search(
        destination,
        capacity,
        source,
        pageSize,
        table,
        stride,
        largeBits,
        hashed,
        hasNear,
        unit,
      );
}

/** The default search for pages in which short matches don't pay. */
function searchMedium(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
): u32 {
  return searchBySize(
    destination,
    capacity,
    source,
    pageSize,
    table,
    DENSE_STRIDE,
    SMALL_TABLE_BITS,
    LARGE_TABLE_BITS,
    MEDIUM_HASH,
    false,
    UNIT_NONE,
  );
}

/** The search for large pages of little data, in which short matches decide the size. */
function searchShort(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
): u32 {
  return search(
    destination,
    capacity,
    source,
    pageSize,
    table,
    DENSE_STRIDE,
    MIDDLE_TABLE_BITS,
    SHORT_HASH,
    false,
    UNIT_NONE,
  );
}

/** The search for small pages in which long matches are enough. */
function searchLong(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
): u32 {
  return search(
    destination,
    capacity,
    source,
    pageSize,
    table,
    DENSE_STRIDE,
    SMALL_TABLE_BITS,
    LONG_HASH,
    false,
    UNIT_NONE,
  );
}

/** The same for large ones, at effort `fast`. */
function searchLongest(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
): u32 {
  return search(
    destination,
    capacity,
    source,
    pageSize,
    table,
    DENSE_STRIDE,
    MIDDLE_TABLE_BITS,
    LONGEST_HASH,
    false,
    UNIT_NONE,
  );
}

/** The search that looks up words alone. */
function searchWords(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
): u32 {
  return searchBySize(
    destination,
    capacity,
    source,
    pageSize,
    table,
    WORD_STRIDE,
    WORD_TABLE_BITS,
    MIDDLE_TABLE_BITS,
    MEDIUM_HASH,
    false,
    UNIT_NONE,
  );
}

/** The same with near offsets. */
function searchWordsNear(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
  unit: usize,
): u32 {
  return searchBySize(
    destination,
    capacity,
    source,
    pageSize,
    table,
    WORD_STRIDE,
    WORD_TABLE_BITS,
    MIDDLE_TABLE_BITS,
    MEDIUM_HASH,
    true,
    unit,
  );
}

/** The search at each position for words of 4 bytes, in pages that are not large. */
function searchEachWord(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
): u32 {
  return searchBySize(
    destination,
    capacity,
    source,
    pageSize,
    table,
    DENSE_STRIDE,
    SMALL_TABLE_BITS,
    LARGE_TABLE_BITS,
    MEDIUM_HASH,
    true,
    UNIT_WORD,
  );
}

/** The same for words of 8 bytes. */
function searchEachLongWord(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
): u32 {
  return searchBySize(
    destination,
    capacity,
    source,
    pageSize,
    table,
    DENSE_STRIDE,
    SMALL_TABLE_BITS,
    LARGE_TABLE_BITS,
    MIDDLE_HASH,
    true,
    UNIT_LONG_WORD,
  );
}

/** Effort `fast`; see `compressBlock` for the parameters. */
export function compressFast(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
  shape: u32,
  unit: usize,
): u32 {
  const isLarge = pageSize >= WORD_SEARCH_PAGE_SIZE;
  if (unit != UNIT_NONE) {
    return isLarge || unit == UNIT_LONG_WORD
      ? searchWordsNear(destination, capacity, source, pageSize, table, unit)
      : searchEachWord(destination, capacity, source, pageSize, table);
  }
  if (shape == SHAPE_OTHER) {
    return search(
      destination,
      capacity,
      source,
      pageSize,
      table,
      EVEN_STRIDE,
      SMALL_TABLE_BITS,
      LONGEST_HASH,
      false,
      UNIT_NONE,
    );
  }
  if (shape == SHAPE_RUNS || shape == SHAPE_SPARSE) {
    return search(
      destination,
      capacity,
      source,
      pageSize,
      table,
      EVEN_STRIDE,
      SMALL_TABLE_BITS,
      SPARSE_HASH,
      false,
      UNIT_NONE,
    );
  }
  if (shape == SHAPE_LONG_WORDS || (shape == SHAPE_WORDS && isLarge)) {
    return searchWords(destination, capacity, source, pageSize, table);
  }
  if (shape == SHAPE_TEXT && isLarge) {
    return searchLongest(destination, capacity, source, pageSize, table);
  }
  return searchMedium(destination, capacity, source, pageSize, table);
}

/** Effort `default`; see `compressBlock` for the parameters. */
export function compressDefault(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
  shape: u32,
  unit: usize,
): u32 {
  const isLarge = pageSize >= WORD_SEARCH_PAGE_SIZE;
  if (unit != UNIT_NONE) {
    if (isLarge) return searchWordsNear(destination, capacity, source, pageSize, table, unit);
    return unit == UNIT_LONG_WORD
      ? searchEachLongWord(destination, capacity, source, pageSize, table)
      : searchEachWord(destination, capacity, source, pageSize, table);
  }
  if (isLarge) {
    if (shape == SHAPE_SPARSE) return searchShort(destination, capacity, source, pageSize, table);
    if (shape == SHAPE_WORDS || shape == SHAPE_LONG_WORDS) {
      return searchWords(destination, capacity, source, pageSize, table);
    }
  } else if (shape == SHAPE_LONG_WORDS) {
    return searchLong(destination, capacity, source, pageSize, table);
  }
  return searchMedium(destination, capacity, source, pageSize, table);
}
