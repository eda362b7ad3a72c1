/**
 * The pool that an input is measured in: the library's own, through its front-end, without a swap
 * device, because a rejected page is to be counted here and not kept.
 */
import { createZmem } from "../index.ts";
import { UsageError } from "./arguments.ts";
import { type OpenPool } from "./estimate.ts";

/** One wasm memory ends at 4 GiB; a limit above it takes several. */
const ONE_MEMORY_BYTES = 4 * 1024 ** 3;

/** Held memory of incompressible pages over their bytes: object headers, index, one growth step. */
const RAW_OVERHEAD = 1.25;

/**
 * @param limitBytes the most memory that a pool may hold
 * @throws UsageError when that is too little for any pool
 */
export async function createPoolOpener(pageSize: number, limitBytes: number): Promise<OpenPool> {
  try {
    (await createZmem({ pageSize, limitBytes })).close();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(error.message.replace(/^limitBytes/, "--limit"));
  }
  return async (slots) => {
    // A pool that can't outgrow one memory needs no second one, whatever the limit.
    const mostBytes = slots * pageSize * RAW_OVERHEAD;
    const limit =
      mostBytes < ONE_MEMORY_BYTES ? Math.min(limitBytes, ONE_MEMORY_BYTES) : limitBytes;
    const zmem = await createZmem({ pageSize, limitBytes: limit });
    const area = zmem.swapOn({ pages: slots });
    return {
      put: (slot, page) => area.put(slot, page),
      get: (slot, page) => area.get(slot, page),
      has: (slot) => zmem.frontswap.testPage(area.type, slot),
      stats: () => zmem.stats(),
      close: () => zmem.close(),
    };
  };
}
