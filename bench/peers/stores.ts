/**
 * The stores that are compared: zmem, and what a user would write today without it.
 *
 * What: a Map of copies (the baseline: nobody beats its speed, and it saves nothing), a Map of
 * compressed blocks, and lru-cache with compressed values and a size limit.
 *
 * Why so: peers do no more than such code does: a put compresses and stores the result, a get hands
 * out the decompressed array as it comes, without a copy into a page of the caller, which is to
 * their advantage. None of them looks for same-filled pages.
 */
import { LRUCache } from "lru-cache";
import { createZmem, type ZmemOptions } from "../../src/index.ts";
import type { CodecContender, Store, StoreContender } from "./contender.ts";

/** Everything goes into one swap type. */
const TYPE = 0;
/**
 * Bytes that an entry, its array and buffer and what the allocator rounds up cost beside the data, so
 * that a limit means memory for all stores: what a process had grown by for a page of 4 KiB (case
 * "memory") less the data (case "accounted"), the median over nine kinds of data, of which the
 * highest is up to 2.7 times the lowest (bench/results/reference.json, 2026-11).
 */
const ENTRY_BYTES: Readonly<Record<string, number>> = {
  "Map of copies": 330,
  "Map of lz4-wasm": 450,
  "Map of lz4-napi": 780,
  "Map of snappy": 290,
  "Map of zstd-wasm 1": 490,
  "Map of node:zlib deflate 1": 1280,
  "lru-cache of lz4-wasm": 610,
};
/** Of a store that was not measured: that of blocks in arrays of JavaScript. */
const OTHER_ENTRY_BYTES = 450;

function entryBytesOf(store: string): number {
  return ENTRY_BYTES[store] ?? OTHER_ENTRY_BYTES;
}

/**
 * zmem, its backend called directly, as a program does that needs no swap device.
 *
 * @param own further options of the pool
 */
export function zmemStore(name: string, own: ZmemOptions = {}): StoreContender {
  return {
    name,
    family: "lz4",
    runtime: "wasm",
    open: async (pageSize, limitBytes) => {
      const zmem = await createZmem({ ...own, pageSize, ...(limitBytes ? { limitBytes } : {}) });
      const { backend } = zmem;
      backend.openType(TYPE);
      return {
        put: (key, page) => backend.putPage(TYPE, key, page),
        get: (key, into) => (backend.getPage(TYPE, key, into) ? into : undefined),
        flush: (key) => backend.flushPage(TYPE, key),
        close: () => zmem.close(),
        heldBytes: () => backend.stats().heldBytes,
        accountedBytes: () => backend.stats().heldBytes,
        compact: () => void backend.compact(),
        trim: () => void backend.trim(),
      };
    },
  };
}

/** A Map of uncompressed copies. */
export function mapOfCopies(): StoreContender {
  const name = "Map of copies";
  return {
    name,
    family: "uncompressed",
    runtime: "javascript",
    open: async (pageSize, limitBytes = Infinity) => {
      const pages = new Map<number, Uint8Array>();
      const most = Math.floor(limitBytes / (pageSize + entryBytesOf(name)));
      return {
        put: (key, page) => {
          if (pages.size >= most && !pages.has(key)) return false;
          pages.set(key, page.slice());
          return true;
        },
        get: (key, into) => {
          const page = pages.get(key);
          if (page !== undefined) into.set(page);
          return page && into;
        },
        flush: (key) => pages.delete(key),
        close: () => pages.clear(),
        accountedBytes: () => pages.size * pageSize,
      };
    },
  };
}

/** A Map of compressed blocks. */
export function mapOfBlocks({
  name: codecName,
  family,
  runtime,
  slow,
  load,
}: CodecContender): StoreContender {
  const name = `Map of ${codecName}`;
  const entryBytes = entryBytesOf(name);
  return {
    name,
    family,
    runtime,
    ...(slow === undefined ? {} : { slow }),
    open: async (pageSize, limitBytes = Infinity) => {
      const codec = await load();
      const blocks = new Map<number, Uint8Array>();
      let bytes = 0;
      const cost = (block: Uint8Array | undefined): number =>
        block === undefined ? 0 : block.length + entryBytes;
      return {
        put: (key, page) => {
          const block = codec.compress(page);
          const after = bytes - cost(blocks.get(key)) + cost(block);
          if (after > limitBytes) return false;
          bytes = after;
          blocks.set(key, block);
          return true;
        },
        get: (key) => {
          const block = blocks.get(key);
          return block && codec.decompress(block, pageSize);
        },
        flush: (key) => {
          bytes -= cost(blocks.get(key));
          return blocks.delete(key);
        },
        close: () => blocks.clear(),
        accountedBytes: () => bytes - blocks.size * entryBytes,
      };
    },
  };
}

/** lru-cache with compressed values: it evicts instead of rejecting. */
export function lruOfBlocks({
  name: codecName,
  family,
  runtime,
  slow,
  load,
}: CodecContender): StoreContender {
  const name = `lru-cache of ${codecName}`;
  const entryBytes = entryBytesOf(name);
  return {
    name,
    family,
    runtime,
    ...(slow === undefined ? {} : { slow }),
    open: async (pageSize, limitBytes = Number.MAX_SAFE_INTEGER): Promise<Store> => {
      const codec = await load();
      const cache = new LRUCache<number, Uint8Array>({
        maxSize: Math.min(limitBytes, Number.MAX_SAFE_INTEGER),
        sizeCalculation: (block) => block.length + entryBytes,
      });
      return {
        put: (key, page) => {
          cache.set(key, codec.compress(page));
          return true;
        },
        get: (key) => {
          const block = cache.get(key);
          return block && codec.decompress(block, pageSize);
        },
        flush: (key) => cache.delete(key),
        close: () => cache.clear(),
        accountedBytes: () => cache.calculatedSize - cache.size * entryBytes,
      };
    },
  };
}

/** The codecs whose Maps take part; the strongest of each family and runtime. */
const IN_MAPS = [
  "lz4-wasm",
  "lz4-napi",
  "snappy",
  "snappyjs",
  "lz4js",
  "zstd-wasm 1",
  "node:zlib deflate 1",
];

/** zmem over several instances, as a limit above 4 GiB makes it; for the memory probe. */
export function shardedZmemStore(): StoreContender {
  return zmemStore("zmem, instances of 1 GiB", {
    limitBytes: 8 * 2 ** 30,
    maxInstanceBytes: 2 ** 30,
  });
}

/** All stores over the codecs that a platform has. */
export function allStores(codecs: readonly CodecContender[]): StoreContender[] {
  const inMaps = IN_MAPS.flatMap((name) => codecs.filter((codec) => codec.name === name));
  const lruCodec = codecs.find(({ name }) => name === "lz4-wasm");
  return [
    zmemStore("zmem"),
    mapOfCopies(),
    ...inMaps.map(mapOfBlocks),
    ...(lruCodec ? [lruOfBlocks(lruCodec)] : []),
  ];
}
