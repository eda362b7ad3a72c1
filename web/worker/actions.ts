/**
 * What a person can do to a pool that is there: forget half of its pages, compact it, trim it, raise
 * its blocks to a higher effort. Each says in a sentence what it did, in bytes.
 */
import { createRandom } from "../../src/cli/sampling.ts";
import { bytesToUnits } from "../ui/units.ts";
import { type PoolAction } from "../protocol.ts";
import { type Session } from "./session.ts";

const SEED = 3;

/** @returns what to say, and the pages that are held differently now */
export function runAction(
  session: Session,
  action: PoolAction,
): { readonly text: string; readonly changed: Uint32Array } {
  const before = session.totals();
  const { backend } = session;
  const nothing = new Uint32Array(0);
  switch (action) {
    case "forget": {
      const random = createRandom(SEED + before.elapsedMs);
      const chosen = session.heldPages().filter(() => random() < 0.5);
      for (const page of chosen) session.forget(page);
      const holes = bytesToUnits(backend.freeableBytes());
      const text = `Forgot ${chosen.length.toLocaleString("en")} pages, a random half. The holes they leave: compacting would free about ${holes}.`;
      return { text, changed: Uint32Array.from(chosen) };
    }
    case "compact": {
      const start = performance.now();
      const { movedObjects } = backend.compact();
      const milliseconds = Math.round(performance.now() - start);
      const freed = Math.max(0, session.totals().freeBytes - before.freeBytes);
      const text = `Compacted in ${milliseconds} ms: moved ${movedObjects.toLocaleString("en")} objects, which freed ${bytesToUnits(freed)} for other pages. Memory held is as before: only a trim gives it back.`;
      return { text, changed: nothing };
    }
    case "trim": {
      const peak = bytesToUnits(backend.trimPeakBytes());
      const result = trim(session);
      return { text: result.replace("{peak}", peak), changed: nothing };
    }
    case "recompress": {
      const { savedBytes, triedPages } = backend.recompress();
      const text = `Tried ${triedPages.toLocaleString("en")} blocks at the effort "high": ${bytesToUnits(savedBytes)} of payload saved.`;
      const pages = session.heldPages();
      for (const page of pages) session.look(page);
      return { text, changed: Uint32Array.from(pages) };
    }
  }
}

function trim(session: Session): string {
  const { backend } = session;
  const before = session.totals().heldBytes;
  backend.trim();
  const after = session.totals().heldBytes;
  if (after >= before) {
    return `Nothing to trim: ${bytesToUnits(before)} held, and a fresh memory would be no smaller.`;
  }
  return `Trimmed: memory held went from ${bytesToUnits(before)} to ${bytesToUnits(after)}. While it ran, {peak} more were needed.`;
}
