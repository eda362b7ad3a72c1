/**
 * The parts of a session whose pool several workers share; a bundle of its own, fetched when wanted.
 *
 * Why so: the shared build of the module is another one, with its index in stripes and locks in it,
 * and takes shared memory. Its tables are laid out for the most that the pool may ever hold, so the
 * pool is made no larger than its source can need.
 */
import { createZmem as createSharedZmem } from "../../src/index.shared.ts";
import { createZmem } from "../../src/index.ts";
import { type PoolOptions } from "../protocol.ts";
import { Crew } from "./crew.ts";
import { planGroup } from "./latency.ts";
import { type SessionParts, type StoredBlock } from "./session.ts";
import { SharedSlots } from "./shared-slots.ts";

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
  const pool = await createSharedZmem({
    pageSize,
    effort,
    limitBytes: Math.min(limitBytes, toMostBytes(pages, options)),
  });
  const area = pool.swapOn({ pages });
  let trouble: string | null = null;
  const onTrouble = (words: string): void => {
    trouble = words;
  };
  const plan = { type: area.type, groupPages, workers, onTrouble };
  const putting = await Crew.open(pool, plan).catch((error: unknown) => {
    pool.close();
    throw error;
  });
  const copies = await createZmem({ pageSize, effort });
  const copy = copies.swapOn({ pages: 1 });
  return {
    pool,
    slots: new SharedSlots(area),
    putting,
    pages,
    limitBytes,
    groupPages,
    own: null,
    findBlock: (page, bytes): StoredBlock => {
      const length = pool.backend.inspectPage(area.type, page)?.payloadBytes;
      const isKept = bytes.length > 0 && copy.put(0, bytes);
      const block = (isKept && copies.backend.readBlock(copy.type, 0)) || null;
      // The same codec makes the same block of the same page; if it is no longer the same, none is shown.
      return {
        block: block?.length === length ? block : null,
        place: null,
        isCompressedAgain: true,
      };
    },
    takeMoved: () => new Uint32Array(0),
    takeTrouble: () => {
      const words = trouble;
      trouble = null;
      return words;
    },
  };
}
