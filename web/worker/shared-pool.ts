/**
 * The parts of a session whose pool several workers share; a bundle of its own, fetched when wanted.
 *
 * Why so: the shared build of the module is another one, with its index in stripes and locks in it,
 * and takes shared memory. Its tables are laid out for the most that the pool may ever hold, so the
 * pool is made no larger than its source can need.
 */
import { createZmem, MemoryStorage, type SharedZmem } from "../../src/index.shared.ts";
import { type PoolOptions } from "../protocol.ts";
import { Crew } from "./crew.ts";
import { planGroup } from "./latency.ts";
import { MovedPages } from "./moved-pages.ts";
import { type SessionParts } from "./session.ts";
import { type SharedAreaLink, SharedSlots } from "./shared-slots.ts";

const MIB = 1024 ** 2;
/** One shared memory ends here, in bytes. */
const ONE_MEMORY_BYTES = 4 * 1024 ** 3;

/** The most that pages can take, if none of them compresses. */
function toMostBytes(pages: number, { pageSize, workers }: PoolOptions): number {
  return pages * pageSize * 1.0625 + (4 + workers) * MIB;
}

/**
 * @param pages how many there can be
 * @throws ZmemError where memory can't be shared, or has run out; RangeError for a limit too small
 */
export async function openSharedPool(options: PoolOptions, pages: number): Promise<SessionParts> {
  const { pageSize, effort, workers } = options;
  const limitBytes = Math.min(options.limitBytes, ONE_MEMORY_BYTES);
  const groupPages = planGroup();
  const pool = await createZmem({
    pageSize,
    effort,
    recompression: true,
    limitBytes: Math.min(limitBytes, toMostBytes(pages, options)),
  });
  let trouble: string | null = null;
  const onTrouble = (words: string): void => {
    trouble = words;
  };
  const storage = options.device === "memory" ? makeStorage(pages, pageSize) : null;
  if (storage === null && options.device === "memory") onTrouble(NO_STORAGE);
  const { slots, area } = turnOn(pool, pages, storage);
  const plan = { area, groupPages, workers, onTrouble };
  const putting = await Crew.open(pool, plan).catch((error: unknown) => {
    pool.close();
    throw error;
  });
  const moved = new MovedPages((page) => pool.backend.inspectPage(slots.type, page));
  return {
    pool,
    slots,
    putting,
    pages,
    limitBytes,
    groupPages,
    own: null,
    takeMoved: (forms, all) =>
      pool.stats().writtenBackPages === 0 ? new Uint32Array(0) : moved.find(forms, all),
    takeTrouble: () => {
      const words = trouble;
      trouble = null;
      return words;
    },
  };
}

const NO_STORAGE =
  "The browser has no memory left for the swap device. The run goes on without a swap device.";

/** Room for every page twice, so that a block always finds a place; it costs memory when it is used. */
function makeStorage(pages: number, pageSize: number): MemoryStorage | null {
  try {
    return MemoryStorage.create(2 * pages * pageSize);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Turns the area on, for all workers. @returns the pages as this worker sees them, and the way for others */
function turnOn(
  pool: SharedZmem,
  pages: number,
  storage: MemoryStorage | null,
): { readonly slots: SharedSlots; readonly area: SharedAreaLink } {
  const area =
    storage === null
      ? pool.swapOn({ pages })
      : pool.swapOn({ pages, device: storage, promote: false });
  return {
    slots: new SharedSlots(area),
    area: { type: area.type, storage: storage?.link ?? null },
  };
}
