/**
 * Effort `high` against the shortest block that there is: all matches of a page, all their lengths,
 * priced exactly.
 *
 * Why so: that a block decodes says nothing about its size. The reference is slow and plain: the
 * longest match at each position by comparing with all earlier ones, then the cheapest way from each
 * position and each length of the literal run before it that matters.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CODEC_NAMES, type CodecName, CODECS, EFFORTS, LENGTH_BITS, startCodec } from "./module.ts";
import { seededNumbers, SHAPES } from "./pages.ts";

const SEED = 20261126;
const PAGE_SIZE = 4096;
const { codec, bytes } = await startCodec(64);
const WORKSPACE = 1 << 20;
const BLOCK = 2 << 20;
const PAGE = 3 << 20;

/** The literal length in a token that goes on in bytes, and bytes of a word of near offsets. */
const FORMATS = { lz4: [15, 0], words: [7, 4], longWords: [7, 8] } as const;

/** @returns bytes that a length takes beside its token */
function lengthBytes(code: number, continued = 15): number {
  return code < continued ? 0 : Math.floor((code - continued) / 255) + 1;
}

/**
 * The longest match at each position that may begin one, of all positions with the same gram.
 *
 * @param word bytes of a word, to look at near offsets alone; 0 for all
 */
function longestMatches(page: Uint8Array, word: number): Uint16Array {
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const end = page.length - 5;
  const longest = new Uint16Array(page.length);
  const heads = new Map<number, number>();
  const links = new Int32Array(page.length);
  for (let at = 0; at <= page.length - 12; at++) {
    const gram = view.getUint32(at);
    let most = 3;
    links[at] = heads.get(gram) ?? -1;
    heads.set(gram, at);
    for (let from = links[at] as number; from >= 0; from = links[from] as number) {
      if (word > 0 && ((at - from) % word > 0 || at - from > 256 * word)) continue;
      if (page[from + most] !== page[at + most]) continue;
      let length = 4;
      while (at + length < end && page[from + length] === page[at + length]) length++;
      most = Math.max(most, length);
      if (at + most === end) break;
    }
    if (most > 3) longest[at] = most;
  }
  return longest;
}

/** Bytes of the shortest block: the cheapest way to each position, by sequences as a whole. */
function shortestBlock(page: Uint8Array, name: CodecName = "lz4"): number {
  const [continued, word] = FORMATS[name];
  const longest = longestMatches(page, 0);
  const near = word > 0 ? longestMatches(page, word) : new Uint16Array(page.length);
  const end = page.length;
  // From the end: what follows a position where a sequence begins.
  const price = new Float64Array(end + 1).fill(Number.POSITIVE_INFINITY);
  // The best way on from each position when a match begins there, without its literals.
  const match = new Float64Array(end + 1).fill(Number.POSITIVE_INFINITY);
  // The next position from each where a match may begin.
  const nextStart = new Uint32Array(end + 2).fill(end);
  for (let at = end; at >= 0; at--) {
    const most = longest[at] ?? 0;
    for (let length = 4; length <= most; length++) {
      const offset = length <= (near[at] as number) ? 1 : 2;
      const whole = offset + lengthBytes(length - 4) + (price[at + length] as number);
      if (whole < (match[at] as number)) match[at] = whole;
    }
    nextStart[at] = most === 0 ? (nextStart[at + 1] as number) : at;
    // A token and any number of literals, then a match, or the end of the page.
    let best = 1 + (end - at) + lengthBytes(end - at, continued);
    for (let to = nextStart[at] as number; to < end; to = nextStart[to + 1] as number) {
      const literals = to - at;
      if (1 + literals >= best) break;
      const whole = 1 + literals + lengthBytes(literals, continued) + (match[to] as number);
      if (whole < best) best = whole;
    }
    price[at] = best;
  }
  return price[0] as number;
}

function compress(page: Uint8Array, effort: number, name: CodecName = "lz4"): number {
  bytes.set(page, PAGE);
  const room = [BLOCK, 2 * page.length, PAGE, page.length, WORKSPACE] as const;
  return codec.compressPage(...room, effort, CODECS[name]) & ((1 << LENGTH_BITS) - 1);
}

/** Pages of brokenPeriod have up to 500 candidates for each search, which looks at CHAIN_DEPTH of them. */
const MOST_OF_SHORTEST: Readonly<Record<string, number>> = { brokenPeriod: 1.05 };
/**
 * The same with near offsets. The longest match is taken, also where a shorter one is near: half a
 * percent to one and a half on pages of words, more on shapes that never get this codec.
 */
const MOST_OF_SHORTEST_NEAR: Readonly<Record<string, number>> = {
  brokenPeriod: 1.25,
  fewSymbols: 1.08,
  machineCode: 1.04,
  sourceText: 1.03,
  islands: 1.03,
};

/** The most of the pages that collisions may cost something: here it is 2 of 314. */
const COLLISIONS_MOST = 0.02;
/** The most of those with runs that may be longer: here it is none of 40. */
const RUN_ENDS_MOST = 0.05;

/**
 * Collects pages whose block is longer than the shortest: by a hash collision, the head of a chain is
 * another gram, so a position has no mark. Where that hides all positions of a match, so of 4 or 5
 * bytes, its bytes become literals: 1 or 2 bytes lost.
 */
class Comparison {
  #pages = 0;
  readonly #longer: string[] = [];

  add(page: Uint8Array, where: string): void {
    const length = compress(page, EFFORTS.high);
    const shortest = shortestBlock(page);
    this.#pages++;
    assert.ok(length >= shortest, `${where}: ${length} bytes, the least is ${shortest}`);
    assert.ok(length <= shortest + 2, `${where}: ${length} bytes, the least is ${shortest}`);
    if (length > shortest) this.#longer.push(`${where}: ${length} for ${shortest}`);
  }

  /** @param part of the pages that may be longer */
  check(part: number): void {
    const few = this.#longer.length <= this.#pages * part;
    assert.ok(few, `of ${this.#pages} pages\n${this.#longer.join("\n")}`);
  }
}

for (const [shape, makePage] of Object.entries(SHAPES)) {
  for (const name of CODEC_NAMES) {
    const most = (name === "lz4" ? MOST_OF_SHORTEST : MOST_OF_SHORTEST_NEAR)[shape] ?? 1.01;
    test(`${shape}, ${name}: at most ${most} of the shortest block (seed ${SEED})`, () => {
      const next = seededNumbers(SEED);
      let total = 0;
      let shortest = 0;
      for (let round = 0; round < (name === "lz4" ? 4 : 2); round++) {
        const page = makePage(PAGE_SIZE, next);
        const length = compress(page, EFFORTS.high, name);
        const least = shortestBlock(page, name);
        assert.ok(length >= least, `${length} bytes are less than the least of ${least}`);
        total += length;
        shortest += least;
      }
      assert.ok(total <= shortest * most, `${total} bytes, the shortest blocks are ${shortest}`);
    });
  }
}

test("lengths on both sides of a length byte give the shortest block", () => {
  const next = seededNumbers(SEED + 1);
  const comparison = new Comparison();
  // Noise has no matches, so that the copy below is the only one.
  const noise = Uint8Array.from({ length: PAGE_SIZE }, () => next() >>> 24);
  for (const length of [4, 5, 17, 18, 19, 20, 272, 273, 274, 528, 529, 1000]) {
    for (const literals of [0, 1, 13, 14, 15, 16, 268, 269, 270, 271, 524, 525]) {
      const page = noise.slice();
      const first = 2000;
      page.copyWithin(first, 100, 100 + length);
      // A second copy so many literals behind the first one.
      page.copyWithin(first + length + literals, 1200, 1200 + length);
      if (first + length * 2 + literals > PAGE_SIZE - 12) continue;
      const where = `matches of ${length}, ${literals} literals between them`;
      comparison.add(page, where);
    }
  }
  comparison.check(COLLISIONS_MOST);
});

test("a match is cut where the next one, begun sooner, saves its length byte", () => {
  const next = seededNumbers(SEED + 2);
  const comparison = new Comparison();
  for (let length = 19; length <= 40; length++) {
    for (let overlap = 1; overlap <= 8; overlap++) {
      const page = Uint8Array.from({ length: PAGE_SIZE }, () => next() >>> 24);
      // The second source repeats the end of the first one and goes on otherwise.
      page.copyWithin(1000, 100 + length - overlap, 100 + length);
      page.copyWithin(2000, 100, 100 + length);
      page.copyWithin(2000 + length, 1000 + overlap, 1000 + 30);
      const where = `${length} bytes, ${overlap} of them in the next match`;
      comparison.add(page, where);
    }
  }
  comparison.check(COLLISIONS_MOST);
});

test("runs of one byte are matched from their second byte on, whatever came before", () => {
  const next = seededNumbers(SEED + 3);
  const comparison = new Comparison();
  for (let run = 4; run < 900; run += 1 + (run >> 3)) {
    const page = Uint8Array.from({ length: PAGE_SIZE }, () => 1 + (next() % 255));
    // A shorter run first: the search must not stop where that one ends.
    page.fill(0, 301, 301 + (run >> 1));
    page.fill(0, 1503, 1503 + run);
    page.fill(0, 2805, 2805 + run + 7);
    comparison.add(page, `runs of ${run}`);
  }
  comparison.check(RUN_ENDS_MOST);
});

test("high is never larger than default", () => {
  const next = seededNumbers(SEED + 4);
  for (const [shape, makePage] of Object.entries(SHAPES)) {
    for (const pageSize of [4096, 65536]) {
      const page = makePage(pageSize, next);
      const high = compress(page, EFFORTS.high);
      assert.ok(high <= compress(page, EFFORTS.default), `${shape}, ${pageSize}`);
    }
  }
});

test.run();
