/**
 * The longest match at every position of a page, as spans: the first half of effort `high`.
 *
 * What: `linkPositions` chains the positions whose next four bytes hash alike and marks those where four
 * bytes repeat. `findSpans` goes from mark to mark. Where a match ends, the only matches that can
 * be longer for a position inside it hold the four bytes around its end; so one search, three bytes
 * before the end, answers for all of these positions: each candidate is extended both ways, and two
 * are kept, the one that begins first and the one that ends last.
 *
 * Why so: a page has about 300 such searches where searching each position takes 4,000 (all
 * figures: docs/codec.md, "Effort high"). Marks keep positions without a match out of the search,
 * where half of all branches would be mispredicted. A hash collision may hide a match from its
 * mark: 0.04 % of size.
 *
 * Invariants: starts of spans rise strictly, and so do their ends; `1 <= start`,
 * `start + MIN_MATCH <= end <= pageSize - LAST_LITERALS`, `1 <= offset <= start`; a span is not
 * always longest (chains are cut at CHAIN_DEPTH), but its bytes always match. Reads the page only.
 *
 * Layout, pageSize = P: heads u16[1 << bits] · links u16[P], the position before with this hash ·
 * marks u32[P / 32], the first position in the highest bit · spans Span[P], the first a sentinel.
 * Heads, links and marks are free when findSpans returns: at least 4 P + P / 8 bytes.
 * Position 0 stands for "none", too: it is looked at last in every chain, which does no harm.
 */
import { LAST_LITERALS, MATCH_START_LIMIT, MIN_MATCH } from "./lz4-format";

/** A match; positions from the start of the next span on are better served by that one. */
@unmanaged
export class Span {
  /** The first position that it serves. */
  start: u16;
  /** Where the match ends, wherever in the span it is begun. */
  end: u16;
  /** The match offset. */
  offset: u16;
  /** The last position from which the match is worth taking; start - 1 for none. */
  last: u16;
}
export const SPAN_SIZE: usize = 8;
if (offsetof<Span>() != SPAN_SIZE) ERROR("span: the size and the record differ");

/** Candidates per search: 64 save 0.04 % of size, 24 lose 0.03 % and 16 lose 0.1 %, which are 3 and
 * 6 % faster (measured, docs/codec.md, 2026-11). */
const CHAIN_DEPTH: u32 = 32;
/** A match so long that no longer one is looked for. */
const NICE_LENGTH: usize = 512;
const HASH_PRIME: u32 = 2654435761;
/** Positions that `linkPositions` takes at once. */
const GROUP: usize = 8;
/** Their marks. */
const GROUP_MARKS: u32 = <u32>GROUP;
/** Bits that say that the grams of a group equal those one byte before: its bytes and the next. */
const GROUP_MASK: i32 = (1 << (<i32>GROUP + 4)) - 1;

/** Bits of the hash: four heads per position keep chains pure, at most 128 KiB of them. */
function pageSizeToBits(pageSize: u32): u32 {
  return min<u32>(33 - <u32>clz(pageSize), 16);
}

/** @returns bytes of workspace that effort `high` needs for a page size, 16-aligned */
export function spansWorkspaceSize(pageSize: u32): u32 {
  return spansOffset(pageSize) + pageSize * <u32>SPAN_SIZE;
}

/** Where in the workspace the spans begin. */
function spansOffset(pageSize: u32): u32 {
  return (2 << pageSizeToBits(pageSize)) + pageSize * 2 + (pageSize >> 3);
}

/** Enters a position into the chain of its gram; @returns 1 if the head of the chain repeats it. */
// @ts-ignore: decorator
@inline
function enter(
  heads: usize,
  hashShift: u32,
  link: usize,
  source: usize,
  position: usize,
  gram: u32,
): u32 {
  const head = heads + ((<usize>((gram * HASH_PRIME) >> hashShift)) << 1);
  const candidate = <usize>load<u16>(head);
  store<u16>(head, position);
  store<u16>(link, candidate);
  return <u32>(load<u32>(source + candidate) == gram);
}

/**
 * Fills links and marks. The last group reaches over the last start of a match, not over the page.
 *
 * Inside a run of one byte each position is linked to the one before and stays out of the chains,
 * which then hold the beginnings of runs only.
 */
function linkPositions(
  source: usize,
  pageSize: u32,
  heads: usize,
  bits: u32,
  links: usize,
  marks: usize,
): void {
  const hashShift = 32 - bits;
  const groupsEnd = <usize>pageSize - GROUP;
  memory.fill(heads, 0, 2 << (<usize>bits));
  let mark: u32 = 0;
  for (let position: usize = 0; position < groupsEnd; position += GROUP) {
    const input = source + position;
    const at = links + (position << 1);
    if (
      position != 0 &&
      (i8x16.bitmask(i8x16.eq(v128.load(input), v128.load(input - 1))) & GROUP_MASK) == GROUP_MASK
    ) {
      const before = i16x8(-1, 0, 1, 2, 3, 4, 5, 6);
      v128.store(at, i16x8.add(i16x8.splat(<i16>position), before));
      mark = (mark << GROUP_MARKS) | 0xff;
    } else {
      // Each gram is loaded where it is used: eight at once would not fit into registers.
      mark = (mark << 1) | enter(heads, hashShift, at, source, position, load<u32>(input));
      mark =
        (mark << 1) | enter(heads, hashShift, at + 2, source, position + 1, load<u32>(input, 1));
      mark =
        (mark << 1) | enter(heads, hashShift, at + 4, source, position + 2, load<u32>(input, 2));
      mark =
        (mark << 1) | enter(heads, hashShift, at + 6, source, position + 3, load<u32>(input, 3));
      mark =
        (mark << 1) | enter(heads, hashShift, at + 8, source, position + 4, load<u32>(input, 4));
      mark =
        (mark << 1) | enter(heads, hashShift, at + 10, source, position + 5, load<u32>(input, 5));
      mark =
        (mark << 1) | enter(heads, hashShift, at + 12, source, position + 6, load<u32>(input, 6));
      mark =
        (mark << 1) | enter(heads, hashShift, at + 14, source, position + 7, load<u32>(input, 7));
    }
    store<u32>(marks + ((position >> 5) << 2), mark);
  }
  // The group that was left out of the last 32 positions has no marks.
  store<u32>(marks + ((groupsEnd >> 5) << 2), mark << GROUP_MARKS);
}

/** @returns bytes that agree at two addresses, at most up to `end`, the end of the later one */
// @ts-ignore: decorator
@inline
function countEqual(earlier: usize, later: usize, end: usize): usize {
  const start = later;
  while (later + 16 <= end) {
    const equal = i8x16.bitmask(i8x16.eq(v128.load(later), v128.load(earlier)));
    if (equal != 0xffff) return later - start + <usize>ctz(~equal);
    later += 16;
    earlier += 16;
  }
  while (later < end && load<u8>(later) == load<u8>(earlier)) {
    later++;
    earlier++;
  }
  return later - start;
}

/** @returns bytes that agree in front of two addresses, at most `most` */
// @ts-ignore: decorator
@inline
function countEqualBefore(earlier: usize, later: usize, most: usize): usize {
  const start = later;
  const low = later - most;
  while (later - 16 >= low) {
    later -= 16;
    earlier -= 16;
    const equal = i8x16.bitmask(i8x16.eq(v128.load(later), v128.load(earlier)));
    if (equal != 0xffff) return start - later - 32 + <usize>clz(equal ^ 0xffff);
  }
  while (later > low && load<u8>(later - 1) == load<u8>(earlier - 1)) {
    later--;
    earlier--;
  }
  return start - later;
}

/** Adds a span that ends behind all others, in place of those that it covers; @returns its address. */
function pushSpan(top: usize, start: usize, end: usize, offset: usize): usize {
  while (<usize>changetype<Span>(top).start >= start) top -= SPAN_SIZE;
  const span = changetype<Span>(top + SPAN_SIZE);
  span.start = <u16>start;
  span.end = <u16>end;
  span.offset = <u16>offset;
  return top + SPAN_SIZE;
}

/** @returns the first marked position from `position` on, above `last` when there is none */
// @ts-ignore: decorator
@inline
function nextMark(marks: usize, position: usize, last: usize): usize {
  let word = marks + ((position >> 5) << 2);
  const passed = (<u32>position) & 31;
  let mark = load<u32>(word) << passed;
  while (mark == 0) {
    position = (position | 31) + 1;
    if (position > last) return position;
    word += 4;
    mark = load<u32>(word);
  }
  return position + <usize>clz(mark);
}

/**
 * Finds the spans of a page.
 *
 * @param workspace spansWorkspaceSize(pageSize) bytes, 16-aligned, any content
 * @returns address of the last span; that of the first is `firstSpan(workspace, pageSize)`
 */
export function findSpans(source: usize, pageSize: u32, workspace: usize): usize {
  const bits = pageSizeToBits(pageSize);
  const links = workspace + (2 << (<usize>bits));
  const marks = links + ((<usize>pageSize) << 1);
  linkPositions(source, pageSize, workspace, bits, links, marks);

  const matchEnd = source + <usize>pageSize - LAST_LITERALS;
  const lastStart = <usize>pageSize - MATCH_START_LIMIT;
  let top = workspace + <usize>spansOffset(pageSize);
  // The sentinel: no span begins at 0.
  store<u64>(top, 0);
  for (let position: usize = 1; position <= lastStart;) {
    position = nextMark(marks, position, lastStart);
    if (position > lastStart) break;
    const input = source + position;
    const head = <usize>load<u16>(links + (position << 1));
    // The mark says that the head of the chain matches. Offset 1 is asked for by itself: runs are not
    // in the chains, so the end of one is linked to its beginning.
    const isRun = load<u32>(input) == load<u32>(input - 1);
    let candidate = isRun ? position - 1 : head;
    let next = isRun ? head : <usize>load<u16>(links + (head << 1));
    let longest = countEqual(source + candidate, input, matchEnd);
    let longestStart = position - countEqualBefore(source + candidate, input, candidate);
    let longestOffset = position - candidate;
    /** Of the match that begins first: bytes before and from `position` on. */
    let before = position - longestStart;
    let length = longest;
    let offset = longestOffset;
    if (longest < NICE_LENGTH && input + longest < matchEnd) {
      const gram = load<u32>(input);
      let bytesBefore = load<u32>(input - before - 1);
      let bytesBehind = load<u32>(input + length - 3);
      for (let depth = CHAIN_DEPTH; candidate != 0 && --depth != 0;) {
        candidate = next;
        next = <usize>load<u16>(links + (candidate << 1));
        const earlier = source + candidate;
        // Only what ends or begins beyond the match that begins first is of use.
        if (
          load<u32>(earlier + length - 3) != bytesBehind &&
          (candidate <= before || load<u32>(earlier - before - 1) != bytesBefore)
        ) {
          continue;
        }
        if (load<u32>(earlier) != gram) continue;
        const thisLength = countEqual(earlier, input, matchEnd);
        const thisBefore = countEqualBefore(earlier, input, candidate);
        if (thisLength > longest) {
          longest = thisLength;
          longestStart = position - thisBefore;
          longestOffset = position - candidate;
        }
        if (thisBefore > before || (thisBefore == before && thisLength > length)) {
          before = thisBefore;
          length = thisLength;
          offset = position - candidate;
          bytesBefore = load<u32>(input - before - 1);
          bytesBehind = load<u32>(input + length - 3);
        }
        if (longest >= NICE_LENGTH || input + longest >= matchEnd) break;
      }
    }
    top = pushSpan(top, position - before, position + length, offset);
    if (longest > length) top = pushSpan(top, longestStart, position + longest, longestOffset);
    position += longest - (MIN_MATCH - 1);
  }
  return top;
}

/** @returns address of the first span; there is none where it is above the last */
export function firstSpan(workspace: usize, pageSize: u32): usize {
  return workspace + <usize>spansOffset(pageSize) + SPAN_SIZE;
}
