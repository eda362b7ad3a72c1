/**
 * The parts of a session whose one worker has the pool for itself: a device may stand behind it, it
 * can be trimmed, and its figures are those of `zmem estimate`.
 */
import { createZmem } from "../../src/index.ts";
import { type PoolOptions } from "../protocol.ts";
import { DeviceSlots } from "./device-slots.ts";
import { DeviceTrouble } from "./device-trouble.ts";
import { type OpenDevice } from "./devices.ts";
import { planGroup } from "./latency.ts";
import { type Batch, Putter, type Putting, readPages } from "./putter.ts";
import { type SessionParts } from "./session.ts";

/** A pool that can't outgrow one memory needs no second one, as in the command line's pool. */
const ONE_MEMORY_BYTES = 4 * 1024 ** 3;

/**
 * @param pages how many there can be
 * @param device closed with the session
 * @throws ZmemError when the browser can't run the module; RangeError for a limit too small
 */
export async function openPlainPool(
  options: PoolOptions,
  pages: number,
  device: OpenDevice,
): Promise<SessionParts> {
  const { pageSize, effort } = options;
  const limitBytes = Math.min(options.limitBytes, ONE_MEMORY_BYTES);
  const groupPages = planGroup();
  const trouble = new DeviceTrouble();
  const moved = new Set<number>();
  const pool = await createZmem({
    pageSize,
    limitBytes,
    effort,
    onEvent: ({ name, offset }) => {
      if (name === "writtenBackPages") moved.add(offset);
      else if (name === "deviceFull") trouble.fillUp();
    },
  });
  const slots = new DeviceSlots(pool, pages, device, trouble);
  return {
    pool,
    slots,
    putting: new OwnPutting(new Putter(slots, pageSize, groupPages), pageSize),
    pages,
    limitBytes,
    groupPages,
    own: pool.backend,
    takeMoved: () => {
      const taken = Uint32Array.from(moved);
      moved.clear();
      return taken;
    },
    takeTrouble: () => trouble.take(),
  };
}

/** The session's worker puts by itself. */
class OwnPutting implements Putting {
  readonly lanes = 1;
  readonly workers = 1;
  readonly #putter: Putter;
  readonly #pageSize: number;

  constructor(putter: Putter, pageSize: number) {
    this.#putter = putter;
    this.#pageSize = pageSize;
  }

  async put(batch: Batch) {
    return this.#putter.store(batch.numbers, await readPages(batch, this.#pageSize));
  }

  /** One batch at a time: there is none that was not begun. */
  drop(): void {}

  async close(): Promise<void> {}
}
