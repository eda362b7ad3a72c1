/**
 * Cuts an input into pages, batch by batch, sampled where it is too large.
 *
 * Why so: pages are read in batches because the speed of puts is measured around many calls, with
 * the reading outside. The batch buffer is filled again for each batch: whoever takes a batch must
 * be done with it before asking for the next.
 *
 * Invariants: every page of a batch has its slot, and no slot comes twice in one batch (a reservoir
 * replaces pages, and a page that was replaced could not be compared any more). A page of which no
 * byte could be read is left out; one that was read in part is padded with zeros, and so is the
 * last.
 */
import { addAbortSignal } from "node:stream";
import {
  explain,
  type Gap,
  type Input,
  InputError,
  type SizedInput,
  type StreamInput,
} from "./inputs.ts";
import { type Random, reservoirSlot, samplePages } from "./sampling.ts";

/** Pages in one buffer, and the slot that each goes to. */
export interface Batch {
  readonly slots: readonly number[];
  /** Bytes of the input read so far, skipped ones included. */
  readonly bytesRead: number;
}

/** How an input is cut. */
export interface PagingOptions {
  readonly pageSize: number;
  /** The most pages to take; Infinity for all. */
  readonly samplePages: number;
  readonly random: Random;
  /** Filled with the pages of each batch; its length is a multiple of the page size. */
  readonly buffer: Uint8Array;
  /** Ends the pages after the current batch. */
  readonly signal: AbortSignal;
}

/** What is known about an input when all its pages were taken. */
export interface PagingSummary {
  /** Bytes of the whole input, also of what was not sampled. */
  inputBytes: number;
  /** Pages of the whole input. */
  inputPages: number;
  /** Zeros after the last byte. */
  paddingBytes: number;
  /** Whether only a part of the pages was to be taken. */
  sampled: boolean;
  /** Pages that were to be taken and could not be read. */
  missingPages: number;
}

/** Slots of a stream that is not sampled: an area must have a size, this is 1 TiB of 4 KiB pages. */
const MAX_STREAM_PAGES = 2 ** 28;

/** How many slots the pages of an input can need. */
export function countSlots(input: Input, pageSize: number, limitPages: number): number {
  const pages = input.kind === "sized" ? Math.ceil(input.bytes / pageSize) : MAX_STREAM_PAGES;
  return Math.max(1, Math.min(pages, limitPages));
}

/** The pages of an input. `summary` is complete when the generator has ended. */
export function cutPages(
  input: Input,
  options: PagingOptions,
  summary: PagingSummary,
): AsyncGenerator<Batch> {
  return input.kind === "sized"
    ? cutSized(input, options, summary)
    : cutStream(input, options, summary);
}

/** Whether a page lies wholly inside a gap. */
function isMissing(start: number, end: number, gaps: readonly Gap[]): boolean {
  return gaps.some((gap) => gap.start <= start && gap.end >= end);
}

async function* cutSized(
  input: SizedInput,
  { pageSize, samplePages: wanted, random, buffer, signal }: PagingOptions,
  summary: PagingSummary,
): AsyncGenerator<Batch> {
  const pages = Math.ceil(input.bytes / pageSize);
  const batchPages = buffer.length / pageSize;
  summary.inputBytes = input.bytes;
  summary.inputPages = pages;
  summary.sampled = pages > wanted;
  let slots: number[] = [];
  let nextSlot = 0;
  let bytesRead = 0;
  for (const run of samplePages(pages, wanted, random)) {
    for (let page = run.first; page < run.first + run.count;) {
      if (signal.aborted) return;
      const room = batchPages - slots.length;
      const count = Math.min(run.first + run.count - page, room);
      const position = page * pageSize;
      const available = Math.min(count * pageSize, input.bytes - position);
      const at = slots.length * pageSize;
      const target = buffer.subarray(at, at + available);
      const gaps = await input.read(position, target);
      buffer.fill(0, at + available, at + count * pageSize);
      if (available < count * pageSize) summary.paddingBytes = count * pageSize - available;
      let end = at;
      for (let index = 0; index < count; index++) {
        const from = index * pageSize;
        const to = Math.min(from + pageSize, available);
        if (isMissing(from, to, gaps)) {
          summary.missingPages += 1;
          continue;
        }
        if (at + from !== end) buffer.copyWithin(end, at + from, at + from + pageSize);
        end += pageSize;
        slots.push(nextSlot++);
      }
      page += count;
      bytesRead = position + available;
      if (slots.length === batchPages) {
        yield { slots, bytesRead };
        slots = [];
      }
    }
  }
  if (slots.length > 0) yield { slots, bytesRead };
}

async function* cutStream(
  input: StreamInput,
  { pageSize, samplePages: wanted, random, buffer, signal }: PagingOptions,
  summary: PagingSummary,
): AsyncGenerator<Batch> {
  const capacity = Math.min(wanted, MAX_STREAM_PAGES);
  let slots: number[] = [];
  let taken = new Set<number>();
  /** Bytes of the page that is being filled. */
  let filled = 0;
  /** Where the page being filled goes; -1 drops it, undefined when none is begun. */
  let slot: number | undefined;

  /** Called between pages only, so the buffer is the next batch's from its start. */
  function* endBatch(): Generator<Batch> {
    if (slots.length === 0) return;
    yield { slots, bytesRead: summary.inputBytes };
    slots = [];
    taken = new Set();
  }

  function* endPage(): Generator<Batch> {
    summary.inputPages += 1;
    filled = 0;
    if (slot !== undefined && slot >= 0) {
      slots.push(slot);
      taken.add(slot);
    }
    slot = undefined;
    if (slots.length * pageSize === buffer.length) yield* endBatch();
  }

  try {
    for await (const chunk of addAbortSignal(signal, input.stream)) {
      const bytes = chunk as Uint8Array;
      for (let done = 0; done < bytes.length;) {
        if (slot === undefined) {
          slot = reservoirSlot(summary.inputPages, capacity, random);
          if (taken.has(slot)) yield* endBatch();
        }
        const count = Math.min(bytes.length - done, pageSize - filled);
        if (slot >= 0) {
          buffer.set(bytes.subarray(done, done + count), slots.length * pageSize + filled);
        }
        filled += count;
        done += count;
        summary.inputBytes += count;
        if (filled === pageSize) yield* endPage();
      }
    }
  } catch (error) {
    if (!signal.aborted) throw new InputError(explain(input.label, error), { cause: error });
  }
  if (filled > 0) {
    summary.paddingBytes = pageSize - filled;
    const at = slots.length * pageSize;
    if (slot !== undefined && slot >= 0) buffer.fill(0, at + filled, at + pageSize);
    yield* endPage();
  }
  summary.sampled = summary.inputPages > capacity;
  yield* endBatch();
}
