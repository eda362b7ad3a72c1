/**
 * What kind of bytes a page holds, by a look at 520 of them.
 *
 * What: text, runs, words of 4 bytes, words of 8 bytes, sparse, or anything else.
 *
 * Why so: which search is best depends on the kind, by more than any other choice (docs/codec.md). In
 * a heap of pointers short matches cost more time than they save bytes, and in a large page whole
 * words are found at a quarter of the work.
 *
 * How: a page of words shows in its columns. Bytes that are equal to the byte 8 before are frequent
 * in the upper bytes of words and rare in the lower ones. How much the frequencies of the eight
 * columns differ separates (medians of 64 looks a column): heaps of JavaScript, Python, Perl and
 * wasm 34 to 64; machine code, databases, text, sparse pages 2 to 6 and hardly ever above 9. Where
 * few bytes are equal at all, words don't repeat either: arrays of doubles and of odd records.
 * Pixels and wasm heaps have more bytes equal to the byte 4 before than to the byte 8 before. Of
 * databases, code and heaps hardly a page has half of its bytes equal, of sparse pages nearly all do.
 *
 * It takes 50 ns. Small pages are judged by their beginning: looks spread over a page that is not in
 * the first cache end the processor's reading ahead, which costs the search behind them 4 %.
 */

/** Nothing known. */
export const SHAPE_OTHER: u32 = 0;
/** Nearly all bytes are printable. */
export const SHAPE_TEXT: u32 = 1;
/** Words of 4 bytes. */
export const SHAPE_WORDS: u32 = 2;
/** Words of 8 bytes. */
export const SHAPE_LONG_WORDS: u32 = 3;
/** Nearly all bytes are equal to the byte 8 before. */
export const SHAPE_RUNS: u32 = 4;
/** At least half of the bytes are: little data between runs. */
export const SHAPE_SPARSE: u32 = 5;

/** Looks at a page: 64 for each of the eight columns. */
const LOOKS: usize = 32;
/** Bytes of a look. */
const LOOK_SIZE: usize = 16;
/** The smallest page over which looks are spread; in smaller ones they follow each other. */
const SPREAD_PAGE_SIZE: u32 = 32768;
/** The difference between columns from which a page consists of words. */
const WORDS_SPREAD: u32 = 12;
/** Equal bytes, of 512, below which words hardly repeat. */
const WORDS_EQUAL: u32 = 96;
/** Equal bytes, of 512, from which a page consists of runs. */
const RUNS_EQUAL: u32 = 448;
/** Equal bytes, of 512, from which a page that does not is sparse. */
const SPARSE_EQUAL: u32 = 256;
/** The most bytes, of 512, that are not printable in a page of text. */
const TEXT_OTHERS: u32 = 8;
/** Bytes from here up to 127 are taken for printable: the tabulator is the first. */
const FIRST_PRINTABLE: i8 = 9;

/** @returns the sum of 16 bytes */
// @ts-ignore: decorator
@inline
function sumOfBytes(bytes: v128): u32 {
  const fours = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes));
  const pairs = i32x4.add(
    fours,
    i8x16.shuffle(fours, fours, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
  );
  return <u32>(i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1));
}

/** @returns the difference between the highest and the lowest sum of bytes that lie 8 apart */
// @ts-ignore: decorator
@inline
function spreadOfColumns(bytes: v128): u32 {
  const columns = i8x16.add(
    bytes,
    i8x16.shuffle(bytes, bytes, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
  );
  let most = i8x16.max_u(
    columns,
    i8x16.shuffle(columns, columns, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3),
  );
  let least = i8x16.min_u(
    columns,
    i8x16.shuffle(columns, columns, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3),
  );
  most = i8x16.max_u(
    most,
    i8x16.shuffle(most, most, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1),
  );
  least = i8x16.min_u(
    least,
    i8x16.shuffle(least, least, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1),
  );
  const highest = max(i8x16.extract_lane_u(most, 0), i8x16.extract_lane_u(most, 1));
  const lowest = min(i8x16.extract_lane_u(least, 0), i8x16.extract_lane_u(least, 1));
  return <u32>(highest - lowest);
}

/** @returns one of the constants above */
export function pageToShape(source: usize, pageSize: u32): u32 {
  const step = pageSize < SPREAD_PAGE_SIZE ? LOOK_SIZE : <usize>pageSize / LOOKS;
  const printable = i8x16.splat(FIRST_PRINTABLE);
  let equals = i8x16.splat(0);
  let nearEquals = i8x16.splat(0);
  let others = i8x16.splat(0);
  for (let look = source, end = source + LOOKS * step; look < end; look += step) {
    const bytes = v128.load(look, 8);
    // Comparisons give -1. Signed, so bytes from 128 are below the first printable one.
    equals = i8x16.sub(equals, i8x16.eq(bytes, v128.load(look)));
    nearEquals = i8x16.sub(nearEquals, i8x16.eq(bytes, v128.load(look, 4)));
    others = i8x16.sub(others, i8x16.lt_s(bytes, printable));
  }
  if (sumOfBytes(others) <= TEXT_OTHERS) return SHAPE_TEXT;
  const equal = sumOfBytes(equals);
  if (equal >= WORDS_EQUAL && spreadOfColumns(equals) >= WORDS_SPREAD) {
    return sumOfBytes(nearEquals) < equal ? SHAPE_LONG_WORDS : SHAPE_WORDS;
  }
  if (equal >= RUNS_EQUAL) return SHAPE_RUNS;
  return equal >= SPARSE_EQUAL ? SHAPE_SPARSE : SHAPE_OTHER;
}
