/**
 * Effort `high`: nearly the shortest block that the matches of a page allow.
 *
 * What: spans of longest matches are found (spans.ts). Backward, the cheapest way from each
 * position to the end of the page is chosen: a literal, the longest match there, or that match cut
 * to what its token can express. Forward, the choices are written.
 *
 * Why so: in LZ4 blocks every match offset costs the same two bytes, and a way from a later position
 * is never dearer than one from an earlier position (leave out its first byte). So of all matches at
 * a position the longest is best, and of its shorter lengths only 18, which saves the length byte:
 * all lengths priced win 0.01 % (measured, docs/codec.md). With near offsets another match, shorter
 * or farther back, may save the second byte of the offset; it is not looked for: 0.5 to 1.5 % of size. Inside a span the end of the match is
 * one position, so the price is constant but for length bytes: positions are priced by the vector,
 * span by span, with few branches.
 *
 * Invariants: as compressBlock; spans as findSpans leaves them; stores of prices reach below the
 * position they are for, onto positions that are priced later, at most 64 bytes below the first.
 *
 * Layout of the workspace, pageSize = P: margin of 64 bytes · prices u32[P + 1], both over heads,
 * links and marks, which are done with by then · spans (spans.ts)
 */
import { emitLastLiterals, emitSequence } from "./emit";
import {
  LENGTH_BYTE_MAX,
  LENGTH_CONTINUED,
  MATCH_START_LIMIT,
  MIN_MATCH,
  OFFSET_SIZE,
} from "./lz4-format";
import {
  literalsContinued,
  literalsShift,
  NEAR_COUNT,
  nearToToken,
  offsetToNear,
  UNIT_NONE,
} from "./near-format";
import { findSpans, firstSpan, Span, SPAN_SIZE } from "./spans";

/** Prices are in parts of a byte, so that of two ways of equal size the one with fewer sequences,
 * which is quicker to decode, wins. */
const PRICE_SHIFT: u32 = 5;
const LITERAL_PRICE: u32 = 1 << PRICE_SHIFT;
const LENGTH_BYTE_PRICE: u32 = 1 << PRICE_SHIFT;
/** Of a sequence with an offset of two bytes. */
const SEQUENCE_PRICE: u32 = ((<u32>(OFFSET_SIZE + 1)) << PRICE_SHIFT) + 1;
const NEAR_SEQUENCE_PRICE: u32 = SEQUENCE_PRICE - (1 << PRICE_SHIFT);
/** The longest match that its token alone can express. */
const TOKEN_MATCH_MAX: usize = MIN_MATCH + LENGTH_CONTINUED - 1;
/** Literals between those that take a length byte and those that take one more. */
const RUN_STEP: u32 = <u32>LENGTH_BYTE_MAX;
/** Bytes that stores of prices may reach below the first. */
const MARGIN: usize = 64;
/** Bytes that the quick way to write a sequence copies at once, more than its literals. */
const QUICK_COPY: usize = 16;
/** Room that it needs: token, literals, match offset, length byte. */
const QUICK_SEQUENCE_SIZE: usize = 1 + QUICK_COPY + OFFSET_SIZE + 1;

/** @returns prices of the four positions in front of one with this price, if all are literals */
// @ts-ignore: decorator
@inline
function literalPrices(price: u32): v128 {
  return i32x4.add(
    i32x4.splat(price),
    i32x4(4 * LITERAL_PRICE, 3 * LITERAL_PRICE, 2 * LITERAL_PRICE, LITERAL_PRICE),
  );
}

/**
 * @param continued literals that take a first length byte
 * @returns literals of a run that grew: behind its first length byte every 255 count as none
 */
// @ts-ignore: decorator
@inline
function wrapRun(literals: u32, continued: u32): u32 {
  while (literals >= continued + RUN_STEP) literals -= RUN_STEP;
  return literals;
}

/** @returns what token and offset of a span's match cost */
// @ts-ignore: decorator
@inline
function spanToPrice(span: Span, unit: usize): u32 {
  const near = offsetToNear(span.offset, unit != UNIT_NONE, unit);
  return near < NEAR_COUNT ? NEAR_SEQUENCE_PRICE : SEQUENCE_PRICE;
}

/** Prices as many as 16 literals in front of `address`, whose price is given. */
// @ts-ignore: decorator
@inline
function priceFewLiterals(address: usize, price: u32): void {
  const step = i32x4.splat(4 * LITERAL_PRICE);
  const first = literalPrices(price);
  const second = i32x4.add(first, step);
  const third = i32x4.add(second, step);
  v128.store(address - 16, first);
  v128.store(address - 32, second);
  v128.store(address - 48, third);
  v128.store(address - 64, i32x4.add(third, step));
}

/**
 * Prices literals in front of `address`, where a price stands, with the length bytes of their run.
 *
 * @param literals of the run so far
 * @param continued literals that take a first length byte
 */
function priceLiterals(address: usize, count: usize, literals: u32, continued: u32): void {
  while (count > 0) {
    const price = load<u32>(address);
    const limit = literals < continued ? continued : continued + RUN_STEP;
    const plain = min(count, <usize>(limit - literals - 1));
    const low = address - (plain << 2);
    for (let prices = literalPrices(price); address > low; address -= 16) {
      v128.store(address - 16, prices);
      prices = i32x4.add(prices, i32x4.splat(4 * LITERAL_PRICE));
    }
    address = low;
    count -= plain;
    if (count == 0) return;
    // The one that takes a length byte.
    address -= 4;
    store<u32>(address, load<u32>(address + 4) + LITERAL_PRICE + LENGTH_BYTE_PRICE);
    literals = continued;
    count--;
  }
}

/** @returns what the length bytes of a match longer than TOKEN_MATCH_MAX cost */
// @ts-ignore: decorator
@inline
function lengthBytesPrice(length: usize): u32 {
  return (<u32>((length - TOKEN_MATCH_MAX - 1) / LENGTH_BYTE_MAX) + 1) << PRICE_SHIFT;
}

/**
 * Prices literals one by one, while they are cheaper than the match up to `end`: for runs and
 * matches that take length bytes.
 *
 * @param position before which a literal is tried, down to `start`
 * @param sequencePrice of the token and the offset of that match
 * @param continued literals that take a first length byte
 * @returns the position where the literals begin
 */
function priceLead(
  prices: usize,
  position: usize,
  start: usize,
  end: usize,
  literals: u32,
  sequencePrice: u32,
  continued: u32,
): usize {
  const endPrice = load<u32>(prices + (end << 2)) + sequencePrice;
  while (position > start) {
    const address = prices + (position << 2);
    const length = end - position + 1;
    literals = wrapRun(literals + 1, continued);
    let price = load<u32>(address) + LITERAL_PRICE;
    if (literals == continued) price += LENGTH_BYTE_PRICE;
    if (length <= TOKEN_MATCH_MAX) {
      if (endPrice <= price) break;
    } else {
      if (endPrice + lengthBytesPrice(length) <= price) break;
      if (load<u32>(address - 4, TOKEN_MATCH_MAX << 2) + sequencePrice <= price) break;
    }
    store<u32>(address - 4, price);
    position--;
  }
  return position;
}

/** Prices matches longer than TOKEN_MATCH_MAX, from `start` up to before `position`. */
function priceLongMatches(
  prices: usize,
  position: usize,
  start: usize,
  end: usize,
  sequencePrice: u32,
): void {
  const endPrice = load<u32>(prices + (end << 2)) + sequencePrice;
  // Cut while that saves the length byte; the farther from the end, the less it does.
  while (position > start) {
    const address = prices + ((position - 1) << 2);
    const cutPrice = load<u32>(address, TOKEN_MATCH_MAX << 2) + sequencePrice;
    if (cutPrice >= endPrice + LENGTH_BYTE_PRICE) break;
    store<u32>(address, cutPrice);
    position--;
  }
  while (position > start) {
    const bytesPrice = lengthBytesPrice(end - position + 1);
    const lengthMax = TOKEN_MATCH_MAX + <usize>(bytesPrice >> PRICE_SHIFT) * LENGTH_BYTE_MAX;
    const low = <usize>max<isize>(<isize>start, <isize>end - <isize>lengthMax);
    const lowAddress = prices + (low << 2);
    const price = i32x4.splat(endPrice + bytesPrice);
    for (let address = prices + (position << 2); address > lowAddress; address -= 32) {
      v128.store(address - 16, price);
      v128.store(address - 32, price);
    }
    position = low;
  }
}

/** Prices all positions, and leaves in each span how far its match is worth taking. */
function priceAll(pageSize: u32, first: usize, top: usize, prices: usize, unit: usize): void {
  const continued = <u32>literalsContinued(unit != UNIT_NONE);
  const startsEnd = <usize>pageSize - MATCH_START_LIMIT + 1;
  /** All from here on have their price; so many literals begin here. */
  let position = <usize>pageSize;
  let literals: u32 = 0;
  let price: u32 = 0;
  store<u32>(prices + (position << 2), price);
  for (; top >= first; top -= SPAN_SIZE) {
    const span = changetype<Span>(top);
    const start = <usize>span.start;
    const end = <usize>span.end;

    // Literals where the rest of the match is too short, or too near to the end of the page.
    const gapEnd = min(end - (MIN_MATCH - 1), startsEnd);
    const gap = <usize>max<isize>(<isize>position - <isize>gapEnd, 0);
    let address = prices + (position << 2);
    position -= gap;
    if (literals + <u32>gap < continued) {
      // As many as it can be: stores cost less than a branch.
      priceFewLiterals(address, price);
      price += (<u32>gap) << PRICE_SHIFT;
      literals += <u32>gap;
      address -= gap << 2;
    } else {
      priceLiterals(address, gap, literals, continued);
      literals = wrapRun(literals + <u32>gap, continued);
      address -= gap << 2;
      price = load<u32>(address);
    }

    // Literals while they are cheaper than the match.
    const sequencePrice = spanToPrice(span, unit);
    const matchPrice = load<u32>(prices + (end << 2)) + sequencePrice;
    const shortStart = <usize>max<isize>(<isize>start, <isize>end - <isize>TOKEN_MATCH_MAX);
    const cheaper = <usize>max<i32>((<i32>(matchPrice - price - 1)) >> PRICE_SHIFT, 0);
    const lead = min<usize>(cheaper, position - shortStart);
    if (position <= shortStart || lead > 4 || literals + <u32>lead >= continued) {
      const leadStart = priceLead(prices, position, start, end, literals, sequencePrice, continued);
      literals = wrapRun(literals + <u32>(position - leadStart), continued);
      position = leadStart;
      price = load<u32>(prices + (position << 2));
    } else {
      v128.store(address - 16, literalPrices(price));
      position -= lead;
      price += (<u32>lead) << PRICE_SHIFT;
      literals += <u32>lead;
    }

    // Then the match, from all positions down to the start of the span.
    span.last = <u16>(position - 1);
    literals &= <u32>(position != start) - 1;
    address = prices + (position << 2);
    const four = i32x4.splat(matchPrice);
    v128.store(address - 16, four);
    v128.store(address - 32, four);
    v128.store(address - 48, four);
    v128.store(address - 64, four);
    if (position > shortStart) {
      position = shortStart;
      price = matchPrice;
    }
    if (position > start) {
      priceLongMatches(prices, position, start, end, sequencePrice);
      position = start;
      price = load<u32>(prices + (position << 2));
    }
  }
  priceLiterals(prices + (position << 2), position, literals, continued);
}

/** @returns the most by which the price of a page, in bytes, may be above its block: a part for
 * each sequence, of which none has fewer than MIN_MATCH bytes */
function pageSizeToMostExtra(pageSize: u32): u32 {
  return (pageSize / <u32>MIN_MATCH) >> PRICE_SHIFT;
}

/** Effort `high`; see `compressBlock` for the parameters. */
export function compressOptimal(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  workspace: usize,
  unit: usize,
): u32 {
  const prices = workspace + MARGIN;
  const first = firstSpan(workspace, pageSize);
  const top = findSpans(source, pageSize, workspace);
  priceAll(pageSize, first, top, prices, unit);
  const hasNear = unit != UNIT_NONE;
  const continued = literalsContinued(hasNear);
  // A block that is much too long is not even begun; emitSequence has the last word.
  if (load<u32>(prices) >> PRICE_SHIFT > capacity + pageSizeToMostExtra(pageSize)) return 0;

  const sourceEnd = source + <usize>pageSize;
  const outputEnd = destination + <usize>capacity;
  let output = destination;
  let anchor = source;
  let position: usize = 0;
  for (let at = first; at <= top;) {
    const span = changetype<Span>(at);
    position = max<usize>(position, span.start);
    if (position > <usize>span.last) {
      at += SPAN_SIZE;
      continue;
    }
    let length = <usize>span.end - position;
    if (length > TOKEN_MATCH_MAX) {
      const address = prices + (position << 2);
      const cutPrice = load<u32>(address, TOKEN_MATCH_MAX << 2) + spanToPrice(span, unit);
      if (load<u32>(address) == cutPrice) length = TOKEN_MATCH_MAX;
    }
    const offset = <usize>span.offset;
    const input = source + position;
    const literals = input - anchor;
    const code = length - MIN_MATCH;
    if (
      literals < continued &&
      code < LENGTH_CONTINUED + LENGTH_BYTE_MAX &&
      outputEnd - output >= QUICK_SEQUENCE_SIZE &&
      sourceEnd - anchor >= QUICK_COPY
    ) {
      const near = offsetToNear(offset, hasNear, unit);
      const token = (literals << literalsShift(hasNear)) | min(code, LENGTH_CONTINUED);
      store<u8>(output, token | nearToToken(near, hasNear));
      v128.store(output + 1, v128.load(anchor));
      output += literals + 1;
      store<u16>(output, select<usize>(near, offset, near < NEAR_COUNT));
      output += OFFSET_SIZE - <usize>(near < NEAR_COUNT);
      if (code >= LENGTH_CONTINUED) store<u8>(output++, code - LENGTH_CONTINUED);
    } else {
      output = emitSequence(output, outputEnd, anchor, literals, offset, length, sourceEnd, unit);
      if (output == 0) return 0;
    }
    position += length;
    anchor = source + position;
  }
  return emitLastLiterals(destination, output, outputEnd, anchor, sourceEnd, unit);
}
