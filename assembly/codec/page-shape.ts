/**
 * What kind of bytes a page holds, by a look at an eighth of it.
 *
 * What: text, words of 4 or 8 bytes, or anything else.
 *
 * Why so: a search that looks up words alone does a quarter of the work and loses little where
 * bytes repeat by words; in text it loses half of what there is to win. A page of words shows in
 * its columns: bytes that are equal to the byte 8 before are frequent in the upper bytes of words
 * and rare in the lower ones. How much the frequencies of the eight columns differ separates
 * (medians of 64 looks a column): heaps of JavaScript, Python, Perl and wasm, arrays of structures
 * and of doubles 34 to 64; machine code, databases, text, sparse pages 2 to 6 and hardly ever
 * above 9. It takes 40 ns.
 */

/** Nothing known. */
export const SHAPE_OTHER: u32 = 0;
/** Nearly all bytes are printable. */
export const SHAPE_TEXT: u32 = 1;
/** Words of 4 or 8 bytes. */
export const SHAPE_WORDS: u32 = 2;

/** Looks of 16 bytes, spread evenly over the page: 64 for each of the eight columns. */
const LOOKS: usize = 32;
/** The difference between columns from which a page consists of words. */
const WORDS_SPREAD: u32 = 12;
/** The most bytes, of 512, that are not printable in a page of text. */
const TEXT_OTHERS: u32 = 8;
/** Bytes from here up to 127 are taken for printable: the tabulator is the first. */
const FIRST_PRINTABLE: i8 = 9;

/** @returns one of the constants above */
export function pageToShape(source: usize, pageSize: u32): u32 {
  const step = <usize>pageSize / LOOKS;
  const printable = i8x16.splat(FIRST_PRINTABLE);
  let equals = i8x16.splat(0);
  let others = i8x16.splat(0);
  for (let look = source, end = source + <usize>pageSize; look < end; look += step) {
    const bytes = v128.load(look, 8);
    // Comparisons give -1. Signed, so bytes from 128 are below the first printable one.
    equals = i8x16.sub(equals, i8x16.eq(bytes, v128.load(look)));
    others = i8x16.sub(others, i8x16.lt_s(bytes, printable));
  }
  const pairs = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(others));
  const sums = i32x4.add(
    pairs,
    i8x16.shuffle(pairs, pairs, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
  );
  if (<u32>(i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1)) <= TEXT_OTHERS) {
    return SHAPE_TEXT;
  }
  // Both halves hold the same eight columns.
  const columns = i8x16.add(
    equals,
    i8x16.shuffle(equals, equals, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
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
  return <u32>(highest - lowest) >= WORDS_SPREAD ? SHAPE_WORDS : SHAPE_OTHER;
}
