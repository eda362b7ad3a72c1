/**
 * zmem's codec against native liblz4, by loops inside the module and inside C.
 *
 * What: per corpus the size of the blocks, the time to compress and the time to decompress a page,
 * for zmem's three efforts, LZ4_compress_default and LZ4_compress_HC(9). Both sides work on the
 * same bytes at the same addresses of one memory, in turn, with the page size as capacity: a page
 * that does not shrink is stored raw and counts as one page of size. All blocks are LZ4's but those of
 * "zmem adaptive", which are what a pool's puts make by default: pages of words with near offsets.
 *
 * Why so: neither side pays a call from JavaScript or a copy. Each block of each contender is decoded
 * by both decoders and compared before anything is timed. Both decoders are timed on the blocks of
 * liblz4 ("decompress") and on those of zmem ("decompress blocks of zmem"), all four in the same
 * rounds: on the same blocks only the decoders differ; zmem on zmem's blocks against liblz4 on
 * liblz4's is what a page costs that each side wrote itself, where a compressor that writes fewer
 * sequences counts as well. The blocks of "zmem adaptive" are decoded in the same rounds, by zmem alone.
 * Pages that one of them keeps raw are left out of all.
 *
 * Where compiler, library or headers are missing there are no native rows, and the reason is said.
 */
import { loadNativeLz4, MODES, type NativeLz4 } from "../native/build.mjs";
import type { Corpus } from "../corpora/corpus.ts";
import type { BenchCase, BenchContext } from "../harness/case.ts";
import type { Part, Task } from "../harness/measure.ts";
import { samplePages } from "../harness/pages.ts";
import type { LoopModule } from "./module.ts";

/** What is measured, and on what. */
export interface CodecNativeOptions {
  /** zmem's codec by itself: assembly/codec/testing.ts. */
  readonly module: WebAssembly.Module;
  readonly corpora: ReadonlyMap<string, Corpus>;
  readonly pageSize: number;
  /** Samples per contender and figure. */
  readonly rounds: number;
  /** Times what is compared in turn; see measure.ts. */
  readonly measure: BenchContext["measure"];
  readonly record: BenchContext["record"];
  /** Called between corpora. */
  readonly onCorpus?: (name: string) => void;
}

/** What stands in the way of native rows. */
export interface CodecNativeResult {
  /** Version and flags of the native side, or why it was not measured. */
  readonly native: string;
  readonly isNativeMeasured: boolean;
}

const SAMPLE_BYTES = 2 << 20;
const PAGE = 2 << 16;
const WORKSPACE = 4 << 16;
const PAGES = 2 << 20;
/** Where a contender's blocks and their lengths lie. */
interface Place {
  readonly blocks: number;
  readonly lengths: number;
}
const FIRST: Place = { blocks: PAGES + SAMPLE_BYTES, lengths: 1 << 16 };
const SECOND: Place = { blocks: FIRST.blocks + SAMPLE_BYTES, lengths: FIRST.lengths + (1 << 15) };
const THIRD: Place = { blocks: SECOND.blocks + SAMPLE_BYTES, lengths: SECOND.lengths + (1 << 14) };
const WASM_PAGES = (THIRD.blocks + SAMPLE_BYTES) >> 16;
/** Slow ones take part in every so-manieth round, all in the same. */
const SLOW_EVERY = 4;
/** Bits of a length; the codec stands above. */
const LENGTH_MASK = (1 << 20) - 1;
/** One of so many pages is compressed before a batch, untimed. */
const LEAD_SHARE = 8;

/** One side of the comparison. */
interface Contender {
  readonly name: string;
  /** The first `count` pages. */
  compress(to: Place, count: number): void;
  decompress(from: Place, count: number): void;
  /** Takes part in every so-manieth round. */
  readonly every: number;
  /** Whether its blocks are all LZ4's, so that either side can decode them. */
  readonly isLz4: boolean;
}

type Sizes = Part["sizes"];

/** What is timed in turn with others, and the figure that it is a contender in. */
interface FigureTask {
  readonly figure: string;
  readonly task: Task;
}

function zmemContenders(module: LoopModule, pageSize: number): Contender[] {
  const ways = [
    ["zmem default", 1, 0, 1],
    ["zmem fast", 0, 0, 1],
    ["zmem high", 2, 0, SLOW_EVERY],
    ["zmem adaptive", 1, 1, 1],
  ] as const;
  return ways.map(([name, effort, adaptive, every]) => ({
    name,
    every,
    isLz4: adaptive === 0,
    compress: ({ blocks, lengths }, count) =>
      void module.compressPages(
        ...([blocks, pageSize, lengths, pageSize, PAGES, pageSize, count] as const),
        ...([WORKSPACE, effort, 1, adaptive] as const),
      ),
    decompress: ({ blocks, lengths }, count) =>
      void module.decompressPages(PAGE, pageSize, blocks, pageSize, lengths, count, 1),
  }));
}

function nativeContenders(addon: NativeLz4, memory: ArrayBuffer, pageSize: number): Contender[] {
  const modes = [
    ["liblz4", MODES.default, 1],
    ["liblz4 hc9", MODES.hc, 9],
  ] as const;
  return modes.map(([name, mode, level]) => ({
    name,
    every: mode === MODES.hc ? SLOW_EVERY : 1,
    isLz4: true,
    compress: ({ blocks, lengths }, count) =>
      void addon.compressPages(
        memory,
        ...([blocks, pageSize, lengths, pageSize, PAGES, pageSize, count] as const),
        ...([mode, level, 1] as const),
      ),
    decompress: ({ blocks, lengths }, count) =>
      void addon.decompressPages(memory, PAGE, pageSize, blocks, pageSize, lengths, count, 1),
  }));
}

/**
 * Measures zmem's codec and liblz4 in turn.
 *
 * @throws Error when a block does not decode to its page
 */
export async function measureCodecAgainstNative(
  options: CodecNativeOptions,
): Promise<CodecNativeResult> {
  const { pageSize, rounds, measure } = options;
  const { addon, reason } = loadNativeLz4();
  const memory = new WebAssembly.Memory({ initial: WASM_PAGES, maximum: WASM_PAGES });
  const instance = await WebAssembly.instantiate(options.module, { env: { memory } });
  const module = instance.exports as unknown as LoopModule;
  const bytes = new Uint8Array(memory.buffer);
  const note =
    addon === undefined
      ? `not measured: ${reason}`
      : `liblz4 ${addon.version()}, loops in C by ${addon.flags()}`;
  // The loops are the same for all corpora: warm after the first.
  const [compressSizes, decompressSizes]: [Sizes, Sizes] = [new Map(), new Map()];
  for (const corpus of options.corpora.values()) {
    options.onCorpus?.(corpus.name);
    const { pages } = samplePages(corpus, pageSize, SAMPLE_BYTES / pageSize);
    pages.forEach((page, index) => bytes.set(page, PAGES + index * pageSize));
    const count = pages.length;
    if (count === 0) continue;
    const own = zmemContenders(module, pageSize);
    const native = addon === undefined ? [] : nativeContenders(addon, memory.buffer, pageSize);
    const contenders = [...native, ...own];
    const decoders = [...native.slice(0, 1), ...own.slice(0, 1)];
    const lengths = new Uint32Array(memory.buffer, FIRST.lengths, count);
    const shared = { corpus: corpus.name, pageSize, note };

    for (const contender of contenders) {
      contender.compress(FIRST, count);
      const able = contender.isLz4 ? decoders : own.slice(0, 1);
      checkBlocks(able, bytes, lengths, pages, `${contender.name} on ${corpus.name}`, {
        module,
        addon,
        pageSize,
      });
      const size = lengths.reduce((sum, length) => sum + (length & LENGTH_MASK || pageSize), 0);
      const row = { figure: "size", contender: contender.name, unit: "bytes" } as const;
      options.record({ ...shared, ...row, samples: [size / count] });
    }

    const inTurn = async (tasks: readonly FigureTask[], sizes: Sizes): Promise<void> => {
      const measured = await measure(
        tasks.map(({ task }, index) => ({ ...task, name: String(index) })),
        { rounds, part: { index: 0, count: 1, sizes } },
      );
      for (const [index, { figure, task }] of tasks.entries()) {
        const samples = measured.get(String(index)) ?? [];
        const row = { figure, contender: task.name, unit: "ns", samples } as const;
        options.record({ ...shared, ...row, bytesPerOperation: pageSize });
      }
    };

    const compressTask = ({ name, every, compress }: Contender): FigureTask => ({
      figure: "compress",
      task: {
        name,
        operations: count,
        every,
        lead: () => compress(FIRST, Math.ceil(count / LEAD_SHARE)),
        pass: () => compress(FIRST, count),
      },
    });
    await inTurn(contenders.map(compressTask), compressSizes);
    const liblz4 = native[0];
    const [zmem, adaptive] = [own[0], own.at(-1)] as [Contender, Contender];
    const sides: (readonly [string, Place])[] = [["decompress blocks of zmem", SECOND]];
    zmem.compress(SECOND, count);
    adaptive.compress(THIRD, count);
    if (liblz4 !== undefined) {
      liblz4.compress(FIRST, count);
      sides.push(["decompress", FIRST]);
      leaveOutRawPages(
        [FIRST, SECOND, THIRD].map((place) => new Uint32Array(memory.buffer, place.lengths, count)),
      );
      if (lengths.every((length) => length === 0)) continue;
    }
    // A whole pass goes before each batch: nobody finds blocks warm that another could not.
    const decompressTask = (figure: string, by: Contender, place: Place): FigureTask => {
      const pass = (): void => by.decompress(place, count);
      return { figure, task: { name: by.name, operations: count, every: by.every, pass } };
    };
    await inTurn(
      [
        ...sides.flatMap(([figure, place]) =>
          decoders.map((decoder) => decompressTask(figure, decoder, place)),
        ),
        decompressTask("decompress blocks of zmem adaptive", adaptive, THIRD),
      ],
      decompressSizes,
    );
  }
  return { isNativeMeasured: addon !== undefined, native: note };
}

/** A length of 0 says that a page is kept raw by one of them: all pass over it. */
function leaveOutRawPages(sides: readonly Uint32Array[]): void {
  for (let index = 0; index < (sides[0]?.length ?? 0); index++) {
    if (sides.some((lengths) => lengths[index] === 0)) {
      for (const lengths of sides) lengths[index] = 0;
    }
  }
}

/** Decodes every block by every decoder and compares. */
function checkBlocks(
  decoders: readonly Contender[],
  bytes: Uint8Array,
  lengths: Uint32Array,
  pages: readonly Uint8Array[],
  where: string,
  sides: {
    readonly module: LoopModule;
    readonly addon: NativeLz4 | undefined;
    readonly pageSize: number;
  },
): void {
  const { module, addon, pageSize } = sides;
  for (const decoder of decoders) {
    pages.forEach((page, index) => {
      if (lengths[index] === 0) return;
      bytes.fill(0x5a, PAGE, PAGE + pageSize);
      const { blocks, lengths: at } = FIRST;
      const place = [blocks + index * pageSize, pageSize, at + index * 4, 1, 1] as const;
      const damaged =
        decoder.name === "liblz4" && addon !== undefined
          ? addon.decompressPages(bytes.buffer as ArrayBuffer, PAGE, pageSize, ...place)
          : module.decompressPages(PAGE, pageSize, ...place);
      const decoded = Buffer.from(bytes.buffer, PAGE, pageSize);
      if (damaged !== 0 || decoded.compare(page) !== 0) {
        throw new Error(`${where}: ${decoder.name} does not decode page ${index}`);
      }
    });
  }
}

const PAGE_SIZES = { quick: [4096], full: [4096, 65536], all: [4096, 65536] } as const;
const ROUNDS = { quick: 8, full: 16, all: 30 } as const;

/** The case of the goals table: `measureCodecAgainstNative` by the runner. */
export const codecNativeCase: BenchCase = {
  name: "codec-native",
  title: "the codec against native liblz4, by loops inside the module and inside C",
  efforts: ["full", "all"],
  run: async ({ platform, corpora, effort, measure, record, fail, progress }) => {
    if (platform.compileCodec === undefined) return fail("zmem default", "no codec module here");
    const module = await platform.compileCodec();
    for (const pageSize of PAGE_SIZES[effort]) {
      const result = await measureCodecAgainstNative({
        ...{ module, corpora, pageSize, rounds: ROUNDS[effort], measure, record },
        onCorpus: (name) => progress(`${name}, pages of ${pageSize}, against native`),
      });
      if (!result.isNativeMeasured) fail("liblz4", result.native);
    }
  },
};
