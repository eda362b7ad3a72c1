/**
 * The greedy search of the compressor: the loop of efforts `fast` and `default`.
 *
 * What: a table of u16 positions by a hash of the next bytes. The first candidate whose four bytes
 * agree is taken and extended both ways; its sequence is written; the search goes on behind it.
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
  MEDIUM_HASH,
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
  NEAR_COUNT,
  nearToToken,
  offsetToNear,
} from "./near-format";

/** A token, 16 bytes of literals, an offset and a length byte; and the shortest end of a block. */
const OUTPUT_RESERVE: usize = 32;
/** Bytes copied per round by the long copies. */
const ROUND_SIZE: usize = 32;

/**
 * One search, specialised by its parameters from `stride` to `hasNear`: constants at each call.
 *
 * @param stride which positions are looked up: one of the constants of match.ts
 * @param bits entries of the table, as a power of two
 * @param hashed bits of the bytes that are hashed: one of the constants of match.ts
 * @param hasNear whether offsets may be near, `unit` what they count then
 */
// @ts-ignore: decorator
@inline
export function search(
  destination: usize,
  capacity: u32,
  source: usize,
  pageSize: u32,
  table: usize,
  stride: usize,
  bits: u64,
  hashed: u64,
  hasNear: bool,
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
      if (literals < literalsContinued(hasNear)) {
        token = literals << literalsShift(hasNear);
        v128.store(tail, v128.load(anchor));
        tail += literals;
      } else {
        // An upper bound of the sequence up to its offset, and of what whole rounds of copies write.
        const bound: usize = 2 * ROUND_SIZE + literals + (literals >> 7);
        if (outputEnd - output < bound || sourceEnd - input < ROUND_SIZE) break;
        token = literalsContinued(hasNear) << literalsShift(hasNear);
        tail = putLength(tail, literals - literalsContinued(hasNear));
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
    const near = offsetToNear(offset, hasNear, unit);
    // Two bytes in any case: behind a near offset something else follows.
    store<u16>(tail, select<usize>(near, offset, near < NEAR_COUNT));
    const offsetEnd = tail + OFFSET_SIZE - <usize>(near < NEAR_COUNT);
    token |= nearToToken(near, hasNear);
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
