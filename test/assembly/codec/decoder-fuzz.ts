/**
 * Damaged blocks for the decoder, and what must hold for each: no trap, nothing written outside the
 * page, a page of zeros when the block is refused and the page of the reference decoder when not.
 *
 * Each block is decoded twice: near the end of memory, so that a byte too many read behind it traps,
 * and far from it, where the decoder may read behind it. Before, behind, around and in the page lies
 * other rubbish each time; what of it got into a page would be seen, for no rubbish is zero and
 * every page that was accepted is compared.
 *
 * One refused block in REFERENCE_INTERVAL is also given to the reference decoder, which must agree.
 */
import * as assert from "uvu/assert";
import { type CodecName, CODECS, EFFORTS, LENGTH_BITS, startCodec } from "./module.ts";
import { type PageShape, seededNumbers, SHAPES } from "./pages.ts";
import { decodeBlock } from "./reference-decoder.ts";

const REFERENCE_INTERVAL = 64;
const CANARY_SIZE = 64;
/** Up to so many bytes lie between a block and the end of memory: some more than may be read. */
const MOST_BEHIND = 80;
const WORKSPACE = 0x10000;
const SOURCE = 0x120000;
const BLOCK = 0x140000;
/** The two pages that are decoded into; canaries around them. */
const PAGE = [0x1a0000, 0x1c0000] as const;

/** What a run did; the counts show that both verdicts were reached. */
export interface FuzzReport {
  readonly blocks: number;
  readonly accepted: number;
  readonly referenced: number;
}

/**
 * Decodes `count` damaged or random blocks.
 *
 * @param count number of blocks
 * @param seed which ones
 * @param pageSize bytes of the page that they are decoded to
 * @param name of the codec whose blocks they were and that decodes them
 * @throws an assertion error that names seed and block number
 */
export async function fuzzDecoder(
  count: number,
  seed: number,
  pageSize: number,
  name: CodecName = "lz4",
): Promise<FuzzReport> {
  const id = CODECS[name];
  const { codec, bytes } = await startCodec(32);
  const next = seededNumbers(seed);
  const seeds: Uint8Array[] = [];
  for (const makePage of Object.values<PageShape>(SHAPES)) {
    for (const effort of Object.values(EFFORTS)) {
      bytes.set(makePage(pageSize, next), SOURCE);
      const room = [BLOCK, 0x20000, SOURCE, pageSize, WORKSPACE] as const;
      const length = codec.compressPage(...room, effort, id) & ((1 << LENGTH_BITS) - 1);
      seeds.push(bytes.slice(BLOCK, BLOCK + length));
    }
  }
  const canaries = PAGE.flatMap((page, index) => {
    const value = 0xa5 + index;
    const sides = [page - CANARY_SIZE, page + pageSize];
    for (const side of sides) bytes.fill(value, side, side + CANARY_SIZE);
    return sides.map((side) => ({ words: new BigUint64Array(bytes.buffer, side, 8), value }));
  });
  const view = new DataView(bytes.buffer);
  const isZero = (page: number): boolean =>
    view.getBigUint64(page) === 0n && codec.isSameFilled(page, pageSize) === 1;
  const scratch = new Uint8Array(pageSize * 2 + 1024);
  let accepted = 0;
  let referenced = 0;

  for (let number = 0; number < count; number++) {
    const where = `seed ${seed}, block ${number}, page size ${pageSize}, ${name}`;
    const length = makeBlock(scratch, seeds, next);
    const block = scratch.subarray(0, length);
    const sources = [bytes.length - length - (number % (MOST_BEHIND + 1)), BLOCK];
    const verdicts = PAGE.map((page, index) => {
      const source = sources[index] as number;
      const rubbish = 0x11 + index * 0x22;
      bytes.fill(rubbish, page, page + pageSize);
      bytes.fill(rubbish + 1, source - CANARY_SIZE, source);
      bytes.fill(rubbish + 2, source + length, source + length + MOST_BEHIND);
      bytes.set(block, source);
      try {
        return codec.decompressWith(id, page, pageSize, source, length);
      } catch (error) {
        throw new Error(`the decoder trapped: ${where}`, { cause: error });
      }
    });
    if (verdicts[0] !== verdicts[1]) assert.unreachable(`two verdicts: ${where}`);
    for (const { words, value } of canaries) {
      const word = BigInt(value) * 0x0101010101010101n;
      for (const found of words) {
        if (found !== word) assert.unreachable(`written outside the page: ${where}`);
      }
    }
    const isAccepted = verdicts[0] === 1;
    if (isAccepted) accepted++;
    else if (PAGE.some((page) => !isZero(page))) assert.unreachable(`not all zeros: ${where}`);
    if (isAccepted || number % REFERENCE_INTERVAL === 0) {
      referenced++;
      const page = decodeBlock(block, pageSize, name);
      if ((page !== undefined) !== isAccepted) {
        assert.unreachable(`accepted ${isAccepted}, by the reference ${!isAccepted}: ${where}`);
      }
      if (page !== undefined) {
        for (const address of PAGE) {
          const found = Buffer.from(bytes.buffer, address, pageSize);
          if (found.compare(page) !== 0) assert.unreachable(`decoded to other bytes: ${where}`);
        }
      }
    }
  }
  return { blocks: count, accepted, referenced };
}

/** Writes one damaged or random block; @returns its length. */
function makeBlock(scratch: Uint8Array, seeds: readonly Uint8Array[], next: () => number): number {
  const kind = next() % 8;
  if (kind === 0) {
    // Random bytes, of which every third makes no literals and a short match more likely.
    const length = next() % 600;
    for (let at = 0; at < length; at++) {
      const number = next();
      scratch[at] = number % 3 === 0 ? number >>> 30 : number >>> 24;
    }
    return length;
  }
  const seed = seeds[next() % seeds.length] as Uint8Array;
  let length = seed.length;
  scratch.set(seed);
  switch (kind) {
    case 1: // Cut off.
      return next() % (length + 1);
    case 2: {
      // Two blocks joined somewhere.
      const other = seeds[next() % seeds.length] as Uint8Array;
      const end = next() % (length + 1);
      const start = next() % (other.length + 1);
      const tail = other.subarray(start, start + Math.min(other.length, scratch.length - end));
      scratch.set(tail, end);
      return end + tail.length;
    }
    case 3: {
      // Length bytes that go on and on.
      const start = next() % (length + 1);
      const size = next() % 300;
      scratch.copyWithin(start + size, start, length);
      scratch.fill(255, start, start + size);
      return length + size;
    }
    case 4: // More behind the end.
      for (let size = next() % 40; size > 0; size--) scratch[length++] = next() >>> 24;
      return length;
    default:
      // A few bytes changed; one in four at the end of the block, where the paths change.
      for (let changes = 1 + (next() % 4); changes > 0 && length > 0; changes--) {
        const span = next() % 4 === 0 ? Math.min(length, 24) : length;
        const at = length - 1 - (next() % span);
        const number = next();
        scratch[at] = number & 1 ? number >>> 24 : (scratch[at] as number) ^ (1 << (number >>> 29));
      }
      return length;
  }
}
