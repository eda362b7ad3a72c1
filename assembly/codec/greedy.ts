/**
 * The greedy searches of the compressor: efforts `fast` and `default`.
 *
 * What: a table of u16 positions by a hash of the next bytes. The first candidate whose four bytes
 * agree is taken and extended both ways; its sequence is written; the search goes on behind it. The
 * shape of the page chooses how many bytes are hashed, which are the shortest matches that are
 * surely seen, and which positions are looked up:
 *   default, below 32 KiB   long words by 6.5 bytes at each position, everything else by 5
 *   default, from 32 KiB    words by 5 bytes at words alone, sparse pages by 4, else by 5
 *   fast                    long words, from 32 KiB all words, by 5 bytes at words alone; text by 5,
 *                           from 32 KiB by 6.5, short words by 5; the rest by 6.5 at every other
 *                           position
 * With near offsets a sequence is a byte shorter, so shorter matches pay: long words below 32 KiB are
 * searched by 5.5 bytes; all else is the same.
 *
 * Why so: a page is at most 64 KiB, so positions fit into 16 bits, and the table is cleared for
 * each page: a fill of 8 KiB costs 110 ns, and the branch that told stale entries apart cost more.
 * A sequence takes 20 ns, which is about one mispredicted branch, the chain of loads behind it, and
 * a hundred instructions. So each branch that depends on data was weighed, and the engine's machine
 * code was read for what it adds (docs/codec.md has the figures). Hence
 *   one loop with nested tests for a match: an inner one costs a test of its own and a stack check
 *   no call inside it: finishBlock stands behind the loop, never a detour
 *   nothing extended backward and nothing copied where there are no literals
 *
 * The step grows with the distance from the last match, so a page that can't be compressed is given
 * up after a tenth of a full attempt.
 *
 * Invariants:
 *   reads source[-MATCH_REACH..pageSize), where what lies before the page has no influence; writes
 *   destination[0..capacity) and the table
 *   position 0 stands for "no entry": it is a candidate like any other
 */
import { emitLastLiterals, putLength } from "./emit";
import { finishBlock } from "./finish";
import { LENGTH_BYTE_MAX, LENGTH_CONTINUED, MIN_MATCH, OFFSET_SIZE } from "./lz4-format";
import {
  DENSE_STRIDE,
  EVEN_STRIDE,
  LONG_HASH,
  MEDIUM_HASH,
  MIDDLE_HASH,
  SHORT_HASH,
  WORD_STRIDE,
  addressToSlot,
  behindMatch,
  extendBackward,
  extendMatch,
  insertMatchEnd,
  matchLimit,
  nextGroup,
  searchLimit,
} from "./match";
import {
  literalsContinued,
  literalsShift,
  NEARS,
  nearToToken,
  offsetToNear,
  UNIT_LONG_WORD,
  UNIT_NONE,
  UNIT_WORD,
} from "./near-format";
import {
  SHAPE_LONG_WORDS,
  SHAPE_OTHER,
  SHAPE_RUNS,
  SHAPE_SPARSE,
  SHAPE_TEXT,
  SHAPE_WORDS,
} from "./page-shape";

/** A token, 16 bytes of literals, an offset and a length byte; and the shortest end of a block. */
const OUTPUT_RESERVE: usize = 32;
/** Bytes copied per round by the long copies. */
const ROUND_SIZE: usize = 32;

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

/**
 * One search, specialised by its parameters from `stride` to `isNear`, which are constants at each call.
 *
 * @param stride which positions are looked up: one of the constants of match.ts
 * @param bits entries of the table, as a power of two
 * @param hashed bits of the bytes that are hashed: one of the constants of match.ts
 * @param isNear whether offsets may be near, `unit` what they count then
 */
// @ts-ignore: decorator
@inline
function search(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
  stride: usize,
  bits: u64,
  hashed: u64,
  isNear: bool,
  unit: usize,
): u32 {
  const sourceEnd = source + <usize>pageSize;
  const matchEnd = matchLimit(sourceEnd);
  const searchEnd = searchLimit(sourceEnd, stride);
  const outputEnd = destination + <usize>capacity;
  let output = destination;
  let anchor = source;
  let offset: usize = 0;
  let end = source;
  let input = behindMatch(source + 1, source, stride);
  memory.fill(table, 0, 2 << (<usize>bits));

  while (input < searchEnd) {
    const position = input - source;
    let slot = addressToSlot(table, input, bits, hashed);
    let candidate = source + <usize>load<u16>(slot);
    store<u16>(slot, position);
    if (load<u32>(candidate) != load<u32>(input)) {
      slot = addressToSlot(table, input + stride, bits, hashed);
      candidate = source + <usize>load<u16>(slot);
      store<u16>(slot, position + stride);
      if (load<u32>(candidate) == load<u32>(input + stride)) input += stride;
      else if (stride != DENSE_STRIDE) {
        input = nextGroup(input, anchor, stride);
        continue;
      } else {
        slot = addressToSlot(table, input + 2, bits, hashed);
        candidate = source + <usize>load<u16>(slot);
        store<u16>(slot, position + 2);
        if (load<u32>(candidate) == load<u32>(input, 2)) input += 2;
        else {
          slot = addressToSlot(table, input + 3, bits, hashed);
          candidate = source + <usize>load<u16>(slot);
          store<u16>(slot, position + 3);
          if (load<u32>(candidate) == load<u32>(input, 3)) input += 3;
          else {
            input = nextGroup(input, anchor, stride);
            continue;
          }
        }
      }
    }

    offset = input - candidate;
    end = extendMatch(input, candidate, matchEnd, stride == DENSE_STRIDE && hashed == MEDIUM_HASH);
    insertMatchEnd(table, source, end, stride, bits, hashed);

    if (outputEnd - output < OUTPUT_RESERVE) {
      if (input != anchor) input = extendBackward(input, candidate, anchor, source, stride, hashed);
      break;
    }
    let tail = output + 1;
    let token: usize = 0;
    if (input != anchor) {
      input = extendBackward(input, candidate, anchor, source, stride, hashed);
      const literals = input - anchor;
      if (literals < literalsContinued(isNear)) {
        token = literals << literalsShift(isNear);
        v128.store(tail, v128.load(anchor));
        tail += literals;
      } else {
        // An upper bound of the sequence up to its offset, and of what whole rounds of copies write.
        const bound: usize = 2 * ROUND_SIZE + literals + (literals >> 7);
        if (outputEnd - output < bound || sourceEnd - input < ROUND_SIZE) break;
        token = literalsContinued(isNear) << literalsShift(isNear);
        tail = putLength(tail, literals - literalsContinued(isNear));
        let from = anchor;
        let to = tail;
        tail += literals;
        do {
          v128.store(to, v128.load(from));
          v128.store(to, v128.load(from, 16), 16);
          to += ROUND_SIZE;
          from += ROUND_SIZE;
        } while (to < tail);
      }
    }
    const code = end - input - MIN_MATCH;
    const near = offsetToNear(offset, isNear, unit);
    // Two bytes in any case: behind a near offset something else follows.
    store<u16>(tail, select<usize>(near, offset, near < NEARS));
    const offsetEnd = tail + OFFSET_SIZE - <usize>(near < NEARS);
    token |= nearToToken(near, isNear);
    if (code < LENGTH_CONTINUED) {
      store<u8>(output, token | code);
      output = offsetEnd;
    } else {
      if (code >= LENGTH_BYTE_MAX && outputEnd - tail < OUTPUT_RESERVE + (code >> 7)) break;
      store<u8>(output, token | LENGTH_CONTINUED);
      output = putLength(offsetEnd, code - LENGTH_CONTINUED);
    }
    anchor = end;
    input = behindMatch(end, source, stride);
  }
  // A match that was found and is not written: the room for quick copies is used up.
  if (end != anchor) {
    return finishBlock(
      destination,
      output,
      outputEnd,
      source,
      sourceEnd,
      table,
      anchor,
      input,
      offset,
      end,
      stride,
      bits,
      hashed,
      unit,
    );
  }
  return emitLastLiterals(destination, output, outputEnd, anchor, sourceEnd, unit);
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
  isNear: bool,
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
        isNear,
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
        isNear,
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

/** The search for pages in which long matches are enough. */
function searchLong(
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
    MIDDLE_TABLE_BITS,
    LONG_HASH,
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
  if (shape == SHAPE_OTHER || shape == SHAPE_RUNS || shape == SHAPE_SPARSE) {
    return search(
      destination,
      capacity,
      source,
      pageSize,
      table,
      EVEN_STRIDE,
      SMALL_TABLE_BITS,
      LONG_HASH,
      false,
      UNIT_NONE,
    );
  }
  if (shape == SHAPE_LONG_WORDS || (shape == SHAPE_WORDS && isLarge)) {
    return searchWords(destination, capacity, source, pageSize, table);
  }
  if (shape == SHAPE_TEXT && isLarge) {
    return searchLong(destination, capacity, source, pageSize, table);
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
