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
import { type Session } from "./session.ts";

const SEED = 3;
const READ_PAGES = 4000;
/** About how long a slice takes. */
const SLICE_MICROSECONDS = 30_000;

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
      return read(session);
    case "forget":
      return forget(session);
    case "compact":
      return compact(session, goOn);
    case "trim":
      return { text: trim(session), pages: new Uint32Array(0), event: EVENT_PUT };
    case "recompress":
      return recompress(session, goOn);
  }
}

/** Reads as programs do: few pages often, most of them seldom. */
async function read(session: Session): Promise<ActionResult> {
  const random = createRandom(SEED + session.totals().elapsedMs);
  const held = session.heldPages();
  const count = Math.min(READ_PAGES, held.length * 4);
  const pages = Uint32Array.from(
    { length: count },
    () => held[Math.floor(random() ** 3 * held.length)] as number,
  );
  const found = await session.read(pages);
  const text = `Got ${countToText(found)} pages, the first ones more often than the last: writeback will spare these longest.`;
  return { text, pages, event: EVENT_GET };
}

function forget(session: Session): ActionResult {
  const random = createRandom(SEED + session.totals().elapsedMs);
  const chosen = session.heldPages().filter(() => random() < 0.5);
  for (const page of chosen) session.forget(page);
  const holes = bytesToUnits(session.backend.freeableBytes());
  const text = `Forgot ${countToText(chosen.length)} pages, a random half. The holes they leave: compacting would free about ${holes}.`;
  return { text, pages: Uint32Array.from(chosen), event: EVENT_FORGOTTEN };
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
  const pages = Uint32Array.from(session.heldPages());
  for (const page of pages) session.look(page);
  const text = `Tried ${countToText(tried)} blocks at the effort "high": ${bytesToUnits(saved)} of payload saved.`;
  return { text, pages, event: EVENT_PUT };
}

function trim(session: Session): string {
  const { backend } = session;
  const peak = bytesToUnits(backend.trimPeakBytes());
  const before = session.totals().heldBytes;
  backend.trim();
  const after = session.totals().heldBytes;
  if (after >= before) {
    return `Nothing to trim: ${bytesToUnits(before)} held, and a fresh memory would be no smaller.`;
  }
  return `Trimmed: memory held went from ${bytesToUnits(before)} to ${bytesToUnits(after)}. While it ran, ${peak} more were needed.`;
}
