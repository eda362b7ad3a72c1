/**
 * The rest of a greedy search, once the room for quick copies is used up.
 *
 * Why so: the quick loop of greedy.ts contains no call: the engine keeps whatever lives across
 * a call in memory from where it is made, even when the call is hardly ever reached, and five such
 * stores for each sequence cost 3 %. So the loop is left for good, with all its state, in here,
 * where each length is checked against the room before a byte is written.
 *
 * Invariants: takes the decisions of the quick loop (match.ts), so a block does not depend on
 * its capacity.
 */
import { emitLastLiterals, emitSequence } from "./emit";
import { MIN_MATCH } from "./lz4-format";
import {
  addressToSlot,
  behindMatch,
  extendBackward,
  extendForward,
  insertMatchEnd,
  matchLimit,
  nextGroup,
  searchLimit,
  strideToProbes,
} from "./match";

/**
 * Writes a sequence that was found and all that follows it.
 *
 * @param output where the sequence begins, `outputEnd` the end of the room
 * @param anchor where its literals begin, `start` where its match begins, `end` where that ends
 * @param stride the positions that the search looks up, `bits` the table's entries, `hashed` the bits hashed
 * @param unit of near offsets
 * @returns bytes of the block from `destination`, 0 when it does not fit below `outputEnd`
 */
export function finishBlock(
  destination: usize,
  output: usize,
  outputEnd: usize,
  source: usize,
  sourceEnd: usize,
  table: usize,
  anchor: usize,
  start: usize,
  offset: usize,
  end: usize,
  stride: usize,
  bits: u64,
  hashed: u64,
  unit: usize,
): u32 {
  const matchEnd = matchLimit(sourceEnd);
  const searchEnd = searchLimit(sourceEnd, stride);
  const groupEnd = strideToProbes(stride) * stride;
  while (true) {
    output = emitSequence(
      output,
      outputEnd,
      anchor,
      start - anchor,
      offset,
      end - start,
      sourceEnd,
      unit,
    );
    if (output == 0) return 0;
    anchor = end;
    let group = behindMatch(end, source, stride);
    let input = group;
    let candidate: usize = 0;
    while (group < searchEnd) {
      const slot = addressToSlot(table, input, bits, hashed);
      candidate = source + <usize>load<u16>(slot);
      store<u16>(slot, input - source);
      if (load<u32>(candidate) == load<u32>(input)) break;
      input += stride;
      if (input - group == groupEnd) {
        group = nextGroup(group, anchor, stride);
        input = group;
      }
    }
    if (group >= searchEnd) break;
    offset = input - candidate;
    end = extendForward(input + MIN_MATCH, offset, matchEnd);
    insertMatchEnd(table, source, end, stride, bits, hashed);
    start =
      input == anchor ? input : extendBackward(input, candidate, anchor, source, stride, hashed);
  }
  return emitLastLiterals(destination, output, outputEnd, anchor, sourceEnd, unit);
}
