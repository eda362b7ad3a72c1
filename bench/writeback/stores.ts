/**
 * What the writeback bench compares: zmem with writeback, zmem that rejects when it is full, and an
 * uncompressed LRU of the same bytes, each before a file device of its own.
 */
import { FileSwapDevice } from "../../src/devices/file.ts";
import type { SlotBlock } from "../../src/devices/device.ts";
import { createZmemSync, type SwapArea, type Zmem } from "../../src/index.ts";

/** A store of pages before a device, as the bench drives it. */
export interface TieredStore {
  readonly name: string;
  put(key: number, page: Uint8Array): void;
  get(key: number, page: Uint8Array): void;
  /** Blocks read from the device so far. */
  deviceReads(): number;
  /** Blocks written to the device so far. */
  deviceWrittenPages(): number;
  /** Pages held in memory now. */
  pagesInMemory(): number;
  close(): void;
}

/** Bytes that a pool needs to hold these pages, and not one more. */
export function measurePool(pages: Iterable<Uint8Array>): number {
  const zmem = createZmemSync();
  const area = zmem.swapOn({ pages: 2 ** 32 });
  let offset = 0;
  for (const page of pages) area.put(offset++, page);
  zmem.backend.compact();
  const { heldBytes, freeBytes } = zmem.stats();
  zmem.close();
  return heldBytes - freeBytes;
}

/** zmem over a file; `evict` false: a full pool rejects, and what is on the device stays there. */
export function zmemStore(
  name: string,
  limitBytes: number,
  keys: number,
  evict: boolean,
  make: (options: { limitBytes: number }) => Zmem = createZmemSync,
): TieredStore & { readonly zmem: Zmem; readonly area: SwapArea } {
  const device = new FileSwapDevice();
  const zmem = make({ limitBytes });
  const area = zmem.swapOn({ pages: keys, device, evict, promote: evict });
  return {
    name,
    zmem,
    area,
    put: (key, page) => {
      if (!area.put(key, page)) throw new Error(`${name}: page ${key} was taken by nobody`);
    },
    get: (key, page) => {
      if (!area.get(key, page)) throw new Error(`${name}: page ${key} is gone`);
    },
    deviceReads: () => zmem.stats().deviceReads,
    deviceWrittenPages: () => zmem.stats().deviceWrittenPages,
    pagesInMemory: () => zmem.stats().currPages,
    close: () => {
      zmem.close();
      device.close();
    },
  };
}

/** Uncompressed pages, the least recently used ones on the device, written in clusters. */
export function uncompressedStore(limitBytes: number, pageSize: number): TieredStore {
  const capacity = Math.floor(limitBytes / pageSize);
  const cluster = 32;
  const device = new FileSwapDevice();
  const held = new Map<number, Uint8Array>();
  let deviceReads = 0;
  let deviceWrittenPages = 0;
  function insert(key: number, page: Uint8Array): void {
    if (held.size >= capacity) {
      const blocks: SlotBlock[] = [];
      for (const [slot, block] of held) {
        blocks.push({ slot, tag: 0, block });
        if (blocks.length === cluster) break;
      }
      device.writeCluster(blocks);
      deviceWrittenPages += blocks.length;
      for (const { slot } of blocks) held.delete(slot);
    }
    held.set(key, page);
  }
  return {
    name: "uncompressed LRU",
    put: (key, page) => {
      const older = held.get(key) ?? new Uint8Array(pageSize);
      if (!held.delete(key)) device.discard(key);
      older.set(page);
      insert(key, older);
    },
    get: (key, page) => {
      let copy = held.get(key);
      if (copy === undefined) {
        copy = new Uint8Array(pageSize);
        device.read(key, copy);
        deviceReads += 1;
        device.discard(key);
      } else {
        held.delete(key);
      }
      insert(key, copy);
      page.set(copy);
    },
    deviceReads: () => deviceReads,
    deviceWrittenPages: () => deviceWrittenPages,
    pagesInMemory: () => held.size,
    close: () => device.close(),
  };
}
