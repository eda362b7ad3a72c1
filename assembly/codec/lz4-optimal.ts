/**
 * Effort `high`: nearly the shortest block that the matches of a page allow.
 *
 * What: three passes. Forward, hash chains find matches. Backward, the cheapest way from each
 * position to the end of the page is chosen among a literal and the lengths of the match there.
 * Forward again, the choices are written.
 *
 * Why so: every match offset costs the same two bytes, so of all matches at a position the longest
 * is enough, and its shorter lengths are candidates too. A page is small, so all of it can be
 * priced at once. A search at each position would be exact and takes two to five times as long for
 * 0.1 % of size (measured, docs/codec.md); so positions inside a match are served by its rest, and
 * only its last but two is searched.
 *
 * Invariants: as compressBlock; links and heads hold positions below pageSize or NONE; a way is
 * never longer than from its position to LAST_LITERALS before the end of the page.
 *
 * Layout of the workspace, pageSize = P: heads u16[1 << bits] · links u16[P] · ways u32[P] (length
 * in the high half, match offset in the low) · prices u32[P + 1]
 */
import { emitLastLiterals, emitSequence } from "./lz4-emit";
import {
  LAST_LITERALS,
  LENGTH_BYTE_MAX,
  LENGTH_CONTINUED,
  MATCH_START_LIMIT,
  MIN_MATCH,
  OFFSET_SIZE,
} from "./lz4-format";

/** No position: a match can't start at the last byte of a page, not even of 64 KiB. */
const NONE: usize = 0xffff;
/** Candidates looked at per search; 256 of them save another 0.1 % (measured, docs/codec.md). */
const CHAIN_DEPTH: u32 = 64;
/** A match so long that no longer one is looked for, nor a way out of it. */
const NICE_LENGTH: usize = 512;
/** Prices are in parts of a byte, so that of two ways of equal size the one with fewer sequences,
 * which is quicker to decode, wins. */
const PRICE_SHIFT: u32 = 5;
const LITERAL_PRICE: u32 = 1 << PRICE_SHIFT;
const SEQUENCE_PRICE: u32 = ((<u32>(OFFSET_SIZE + 1)) << PRICE_SHIFT) + 1;
/** The longest match that its token alone can express. */
const TOKEN_MATCH_MAX: usize = MIN_MATCH + LENGTH_CONTINUED - 1;
/** Literals that take a first length byte, and those that take one more. */
const RUN_CONTINUED: u32 = <u32>LENGTH_CONTINUED;
const RUN_CONTINUED_AGAIN: u32 = <u32>(LENGTH_CONTINUED + LENGTH_BYTE_MAX);
const HASH_PRIME: u32 = 2654435761;

/** Bits of the hash: four heads per position keep chains pure, at most 32 KiB of them. */
function pageSizeToBits(pageSize: u32): u32 {
  return min<u32>(33 - <u32>clz(pageSize), 14);
}

/** @returns bytes of workspace for a page size, 16-aligned */
export function optimalWorkspaceSize(pageSize: u32): u32 {
  return (2 << pageSizeToBits(pageSize)) + pageSize * 10 + 16;
}

/** @returns bytes that agree at two addresses, at most up to `end`, the end of the later one */
// @ts-ignore: decorator
@inline
function countEqual(earlier: usize, later: usize, end: usize): usize {
  const start = later;
  while (later + 8 <= end) {
    const difference = load<u64>(later) ^ load<u64>(earlier);
    if (difference != 0) return later - start + <usize>(ctz(difference) >> 3);
    later += 8;
    earlier += 8;
  }
  while (later < end && load<u8>(later) == load<u8>(earlier)) {
    later++;
    earlier++;
  }
  return later - start;
}

/** Enters a position into the chain of its hash; @returns the position that was at its head. */
// @ts-ignore: decorator
@inline
function enter(heads: usize, hashShift: u32, links: usize, input: usize, position: usize): usize {
  const head = heads + ((<usize>((load<u32>(input) * HASH_PRIME) >> hashShift)) << 1);
  const candidate = <usize>load<u16>(head);
  store<u16>(head, position);
  store<u16>(links + (position << 1), candidate);
  return candidate;
}

/**
 * First pass: matches into `ways`, which are 0 elsewhere.
 *
 * A match found at some position serves the positions inside it with its rest. Only its last but
 * two position is searched again, with extension backward: that finds what begins inside the match
 * and reaches beyond it, at a fraction of the cost of a search at each position.
 */
function findMatches(
  source: usize,
  pageSize: u32,
  heads: usize,
  bits: u32,
  links: usize,
  ways: usize,
): void {
  const matchEnd = source + <usize>pageSize - LAST_LITERALS;
  const searchEnd = source + <usize>pageSize - MATCH_START_LIMIT;
  const hashShift = 32 - bits;
  memory.fill(heads, 0xff, 2 << (<usize>bits));
  memory.fill(ways, 0, (<usize>pageSize) << 2);
  /** Up to here positions are in the chains. */
  let entered = source;
  /** The end of the match that reaches farthest. */
  let reach = source;
  let input = source;
  while (input <= searchEnd) {
    while (entered < input) {
      enter(heads, hashShift, links, entered, entered - source);
      entered++;
    }
    const position = input - source;
    let candidate = enter(heads, hashShift, links, input, position);
    entered++;
    // What must be beaten: the rest of the match that reaches farthest.
    const carried = reach > input ? reach - input : 0;
    let best = max<usize>(carried, MIN_MATCH - 1);
    let bestCandidate: usize = NONE;
    let depth = CHAIN_DEPTH;
    while (candidate != NONE) {
      const earlier = source + candidate;
      // A longer match agrees in the byte behind the best one; four bytes tell more.
      if (load<u32>(earlier + best - 3) == load<u32>(input + best - 3)) {
        const length = countEqual(earlier, input, matchEnd);
        if (length > best) {
          best = length;
          bestCandidate = candidate;
          if (best >= NICE_LENGTH || input + best >= matchEnd) break;
        }
      }
      if (--depth == 0) break;
      candidate = <usize>load<u16>(links + (candidate << 1));
    }
    if (bestCandidate == NONE) {
      input++;
      continue;
    }
    const offset = <u32>(position - bestCandidate);
    reach = input + best;
    // Backward, over literals and over matches that reach less far.
    let from = input;
    while (
      from > source + <usize>offset &&
      load<u8>(from - 1) == load<u8>(from - 1 - <usize>offset)
    ) {
      const before = <usize>(load<u32>(ways + ((from - 1 - source) << 2)) >> 16);
      if (from - 1 + before >= reach) break;
      from--;
    }
    const to = min(reach - MIN_MATCH, searchEnd);
    for (; from <= to; from++) {
      store<u32>(ways + ((from - source) << 2), ((<u32>(reach - from)) << 16) | offset);
    }
    // Near the end of this match, or behind it when it is good enough as it is.
    input = best >= NICE_LENGTH ? reach : max(reach - 3, input + 1);
  }
}

/** Second pass: leaves in each way the length to take from there, or 0 for a literal. */
function choose(pageSize: u32, ways: usize, prices: usize): void {
  const searchEnd = pageSize - <u32>MATCH_START_LIMIT;
  let literals: u32 = 0;
  let next: u32 = 0;
  store<u32>(prices + ((<usize>pageSize) << 2), 0);
  for (let position = pageSize; position-- > 0;) {
    literals++;
    // What the literal adds: itself, and a length byte where the run grows into one.
    let price = next + LITERAL_PRICE;
    if (literals >= RUN_CONTINUED) {
      if (literals == RUN_CONTINUED_AGAIN) literals = RUN_CONTINUED;
      if (literals == RUN_CONTINUED) price += LITERAL_PRICE;
    }
    const address = prices + ((<usize>position) << 2);
    if (position <= searchEnd) {
      const wayAddress = ways + ((<usize>position) << 2);
      const way = load<u32>(wayAddress);
      if (way != 0) {
        const longest = <usize>(way >> 16);
        let chosen: usize = 0;
        const code = longest - MIN_MATCH;
        let whole = load<u32>(address + (longest << 2)) + SEQUENCE_PRICE;
        if (code >= LENGTH_CONTINUED) {
          whole += (<u32>((code - LENGTH_CONTINUED) / LENGTH_BYTE_MAX) + 1) << PRICE_SHIFT;
        }
        if (whole < price) {
          price = whole;
          chosen = longest;
        }
        // The rest of a match that began before is not cut shorter still.
        if (load<u32>(wayAddress - 4) != way + 0x10000 && longest < NICE_LENGTH) {
          price -= SEQUENCE_PRICE;
          for (let length = min(longest - 1, TOKEN_MATCH_MAX); length >= MIN_MATCH; length--) {
            const rest = load<u32>(address + (length << 2));
            if (rest < price) {
              price = rest;
              chosen = length;
            }
          }
          price += SEQUENCE_PRICE;
        }
        if (chosen != 0) literals = 0;
        store<u16>(wayAddress, chosen, 2);
      }
    }
    store<u32>(address, price);
    next = price;
  }
}

/** Effort `high`; see `compressBlock` for the parameters. */
export function compressOptimal(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  workspace: usize,
): u32 {
  const bits = pageSizeToBits(pageSize);
  const links = workspace + (2 << (<usize>bits));
  const ways = links + ((<usize>pageSize) << 1);
  const prices = ways + ((<usize>pageSize) << 2);
  findMatches(source, pageSize, workspace, bits, links, ways);
  choose(pageSize, ways, prices);
  // The last token is not in the prices.
  if (load<u32>(prices) >> PRICE_SHIFT >= capacity + 64) return 0;

  const sourceEnd = source + <usize>pageSize;
  const searchEnd = sourceEnd - MATCH_START_LIMIT;
  const outputEnd = destination + <usize>capacity;
  let output = destination;
  let anchor = source;
  let input = source;
  while (input <= searchEnd) {
    const way = load<u32>(ways + ((input - source) << 2));
    const length = <usize>(way >> 16);
    if (length == 0) {
      input++;
      continue;
    }
    const literals = input - anchor;
    const offset = <usize>(way & 0xffff);
    output = emitSequence(output, outputEnd, anchor, literals, offset, length, sourceEnd);
    if (output == 0) return 0;
    input += length;
    anchor = input;
  }
  return emitLastLiterals(destination, output, outputEnd, anchor, sourceEnd);
}
