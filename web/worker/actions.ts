/**
 * What a person can do to a pool that is there: read from it, forget half of its pages, compact it,
 * trim it, raise its blocks to a higher effort. Each says in a sentence what it did, in bytes.
 *
 * Why so: what may take seconds goes on in slices, so that the worker hears of a cancel between two
 * of them; what was done until then stays done.
 */
import { createRandom } from "../../src/cli/sampling.ts";
import { EVENT_FORGOTTEN, EVENT_GET, EVENT_PUT, type PoolAction } from "../protocol.ts";
import { bytesToUnits, countToText } from "../ui/units.ts";
import { type OwnPool, type Session } from "./session.ts";

const SEED = 3;
const READ_PAGES = 4000;
/** About how long a slice takes. */
const SLICE_MICROSECONDS = 30_000;
/** Pages between two looks at the clock. */
const PAGES_PER_LOOK = 128;

/** What an action did. */
export interface ActionResult {
  readonly text: string;
  /** Pages concerned, and how, one of the EVENT_ numbers. */
  readonly pages: Uint32Array;
  readonly event: number;
}

/** Told after each slice; answers whether to go on. */
export type GoOn = (text: string) => Promise<boolean>;

export async function runAction(
  session: Session,
  action: PoolAction,
  goOn: GoOn,
): Promise<ActionResult> {
  switch (action) {
    case "read":
      return read(session, goOn);
    case "forget":
      return forget(session, goOn);
    case "compact":
      return compact(session, goOn);
    case "trim":
      return trim(session, toOwn(session), goOn);
    case "recompress":
      return recompress(session, goOn);
  }
}

/** @throws Error when several workers share the pool */
function toOwn({ own }: Session): OwnPool {
  if (own === null) {
    throw new Error("Several workers share this pool, which can't be trimmed.");
  }
  return own;
}

/**
 * Does something to pages, some milliseconds at a time.
 *
 * @param work takes a part of the pages
 * @returns how many pages were worked on before all were done or it was cancelled
 */
async function inSlices(
  pages: Uint32Array,
  verb: string,
  goOn: GoOn,
  work: (part: Uint32Array) => Promise<void> | void,
): Promise<number> {
  let sliceBegan = performance.now();
  for (let done = 0; done < pages.length; done += PAGES_PER_LOOK) {
    if ((performance.now() - sliceBegan) * 1000 >= SLICE_MICROSECONDS) {
      const share = `${countToText(done)} of ${countToText(pages.length)} pages`;
      if (!(await goOn(`${verb}: ${share} …`))) return done;
      sliceBegan = performance.now();
    }
    await work(pages.subarray(done, done + PAGES_PER_LOOK));
  }
  return pages.length;
}

/** Reads as programs do: few pages often, most of them seldom. */
async function read(session: Session, goOn: GoOn): Promise<ActionResult> {
  const random = createRandom(SEED + session.totals().elapsedMs);
  const held = session.records.heldPages();
  const count = Math.min(READ_PAGES, held.length * 4);
  const chosen = Uint32Array.from(
    { length: count },
    () => held[Math.floor(random() ** 3 * held.length)] as number,
  );
  let found = 0;
  const done = await inSlices(chosen, "Reading", goOn, async (part) => {
    found += await session.read(part);
  });
  const text = `Got ${countToText(found)} pages, the first ones more often than the last: writeback will spare these longest.`;
  return { text: sayEnd(done, chosen, text), pages: chosen.subarray(0, done), event: EVENT_GET };
}

async function forget(session: Session, goOn: GoOn): Promise<ActionResult> {
  const random = createRandom(SEED + session.totals().elapsedMs);
  const chosen = Uint32Array.from(session.records.heldPages().filter(() => random() < 0.5));
  const done = await inSlices(chosen, "Forgetting", goOn, (part) => {
    for (const page of part) session.forget(page);
  });
  const holes = bytesToUnits(session.freeableBytes());
  const which = done < chosen.length ? "chosen at random" : "a random half";
  const text = `Forgot ${countToText(done)} pages, ${which}. The holes they leave: compacting would free about ${holes}.`;
  return {
    text: sayEnd(done, chosen, text),
    pages: chosen.subarray(0, done),
    event: EVENT_FORGOTTEN,
  };
}

function sayEnd(done: number, chosen: Uint32Array, text: string): string {
  return done < chosen.length ? `Cancelled. ${text}` : text;
}

async function compact(session: Session, goOn: GoOn): Promise<ActionResult> {
  const freeBefore = session.totals().freeBytes;
  const start = performance.now();
  let moved = 0;
  for (;;) {
    const step = session.backend.compact({ microseconds: SLICE_MICROSECONDS });
    moved += step.movedObjects;
    if (step.done || !(await goOn(`Compacting: ${countToText(moved)} objects moved …`))) break;
  }
  const milliseconds = Math.round(performance.now() - start);
  const freed = Math.max(0, session.totals().freeBytes - freeBefore);
  const text = `Compacted in ${milliseconds} ms: moved ${countToText(moved)} objects, which freed ${bytesToUnits(freed)} for other pages. Memory held is as before: only a trim gives it back.`;
  return { text, pages: new Uint32Array(0), event: EVENT_PUT };
}

async function recompress(session: Session, goOn: GoOn): Promise<ActionResult> {
  let tried = 0;
  let saved = 0;
  for (;;) {
    const step = session.backend.recompress({ microseconds: SLICE_MICROSECONDS });
    tried += step.triedPages;
    saved += step.savedBytes;
    if (step.done || !(await goOn(`Recompressing: ${countToText(tried)} blocks tried …`))) break;
  }
  const pages = Uint32Array.from(session.records.heldPages());
  for (const page of pages) session.look(page);
  const text = `Tried ${countToText(tried)} blocks at the effort "high": ${bytesToUnits(saved)} of payload saved.`;
  return { text, pages, event: EVENT_PUT };
}

/** One call, which can't be cut in slices: what it will take is said before, while one can still cancel. */
async function trim(session: Session, own: OwnPool, goOn: GoOn): Promise<ActionResult> {
  const result = (text: string): ActionResult => ({
    text,
    pages: new Uint32Array(0),
    event: EVENT_PUT,
  });
  const peak = bytesToUnits(own.trimPeakBytes());
  const { heldBytes: before, objectBytes } = session.totals();
  const copied = bytesToUnits(objectBytes);
  const words = `Trimming: copies ${copied} of blocks into a fresh memory, with up to ${peak} more held meanwhile. It is one step, which can't be cancelled once it runs …`;
  if (!(await goOn(words))) return result("Cancelled before the trim began: nothing has changed.");
  const start = performance.now();
  const { reason } = own.trim();
  const milliseconds = Math.round(performance.now() - start);
  const after = session.totals().heldBytes;
  if (reason !== null) {
    const why =
      reason === "growth"
        ? "The browser had no room for a fresh memory beside this one."
        : "A fresh memory would be no smaller.";
    return result(`Nothing was trimmed: ${bytesToUnits(before)} held. ${why}`);
  }
  return result(
    `Trimmed: memory held went from ${bytesToUnits(before)} to ${bytesToUnits(after)} in ${milliseconds} ms. While it ran, ${peak} more were needed.`,
  );
}
