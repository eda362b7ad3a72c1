/**
 * The worker of the demo page: owns the data, the pool and the device, and does all heavy work.
 *
 * Why so: the page's thread only draws. Between batches the worker lets messages in, so pausing,
 * cancelling and looking at a page work while a large file streams through. Batches are sent on at
 * most every few hundredths of a second, whatever their speed.
 *
 * Invariants: one run at a time; a newer one ends the older. The pool of a run that has ended stays
 * to be looked at until the next begins.
 */
import { createRandom, samplePages } from "../src/cli/sampling.ts";
import {
  type Answer,
  EVENT_PUT,
  EVENT_WRITEBACK,
  MAX_CELLS,
  type PoolAction,
  type Request,
  type Source,
} from "./protocol.ts";
import { type OpenDevice, openDevice } from "./worker/devices.ts";
import { runAction } from "./worker/actions.ts";
import { Outbox } from "./worker/outbox.ts";
import { toPlainWords } from "./worker/plain-words.ts";
import { PROGRAM_ROUNDS, startProgram } from "./worker/program.ts";
import { makeSample } from "./worker/samples.ts";
import { Session } from "./worker/session.ts";
import { Ended, Turns } from "./worker/turns.ts";

const BATCH_BYTES = 1024 ** 2;
/** More than this of a file is sampled: browsers end tabs that take too much memory. */
const MAX_BYTES = 1024 ** 3;
const SEED = 1;

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
const turns = new Turns();
let session: Session | null = null;
let outbox: Outbox | null = null;
let pixelQueue: Promise<void> = Promise.resolve();

type Start = Extract<Request, { kind: "start" }>;

scope.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.kind === "start") {
    turns.begin(data.run);
    start(data).catch((error: unknown) => endEarly(data.run, error));
    return;
  }
  if (!turns.isCurrent(data.run)) return;
  if (data.kind === "pause") turns.pause(data.paused);
  else if (data.kind === "cancel") turns.cancel();
  else handle(data).catch((error: unknown) => fail(data.run, error, false));
});

async function handle(request: Exclude<Request, { kind: "start" | "pause" | "cancel" }>) {
  const { run } = request;
  if (request.kind === "inspect") await inspect(run, request.page);
  else if (request.kind === "act") await act(run, request.action);
  else {
    // A failure was told to whoever it concerned.
    pixelQueue = pixelQueue
      .catch(() => undefined)
      .then(() => storePixels(run, request.pages, request.bytes));
    await pixelQueue;
  }
}

function answer(message: Answer, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}

function fail(run: number, error: unknown, endsRun: boolean): void {
  if (turns.isCurrent(run)) answer({ kind: "failed", run, message: toPlainWords(error), endsRun });
}

/** A run ended before its time: what was put until then is there to be looked at. */
function endEarly(run: number, error: unknown): void {
  if (!turns.isCurrent(run)) return;
  if (session !== null && outbox !== null) {
    outbox.renumber(run);
    outbox.flush(1);
    answer({ kind: "classes", run, rows: session.classes() });
  }
  if (error instanceof Ended) answer({ kind: "dropped", run });
  else fail(run, error, true);
}

async function start({ run, source, options }: Start): Promise<void> {
  const { pageSize } = options;
  const prepared = await prepare(source, () => turns.breathe(run));
  if (!turns.isCurrent(run)) return;
  const sourcePages =
    prepared.kind === "blob" ? Math.ceil(prepared.blob.size / pageSize) : prepared.pages(pageSize);
  const mostPages = Math.min(Math.floor(MAX_BYTES / pageSize), MAX_CELLS);
  const runs = [...samplePages(sourcePages, mostPages, createRandom(SEED))];
  const pages = runs.reduce((sum, { count }) => sum + count, 0);
  const room = prepared.kind === "program" ? MAX_CELLS / (pageSize / 4096) : pages;
  let device: OpenDevice = { kind: "none" };
  try {
    device = await openDevice(options.device, pageSize);
  } catch (error) {
    const reason = toPlainWords(error);
    answer({ kind: "note", run, message: `${reason} The run goes on without a swap device.` });
  }
  session?.close();
  session = null;
  const opened = await Session.open(options, room, device);
  if (!turns.isCurrent(run)) {
    opened.close();
    return;
  }
  session = opened;
  const box = new Outbox(session, run, answer);
  outbox = box;
  answer({ kind: "started", run, pages, sourcePages, name: prepared.name });
  let completed = true;
  if (prepared.kind === "blob") {
    completed = await streamBlob(box, session, run, prepared.blob, runs, pages);
  } else if (prepared.kind === "program") {
    completed = await runProgram(box, session, run, prepared.program);
  }
  if (!turns.isCurrent(run)) return;
  box.flush(1);
  answer({ kind: "classes", run, rows: session.classes() });
  answer({ kind: "done", run, totals: session.totals(), cancelled: !completed });
}

type Prepared =
  | { readonly kind: "blob"; readonly name: string; readonly blob: Blob }
  | {
      readonly kind: "program";
      readonly name: string;
      readonly program: Awaited<ReturnType<typeof startProgram>>;
      pages(pageSize: number): number;
    }
  | { readonly kind: "drawing"; readonly name: string; pages(pageSize: number): number };

async function prepare(source: Source, breathe: () => Promise<void>): Promise<Prepared> {
  switch (source.kind) {
    case "file":
      if (source.file.size === 0) throw new Error("The file is empty: there is no page to keep.");
      return { kind: "blob", name: source.name, blob: source.file };
    case "sample": {
      const bytes = await makeSample(source.name, breathe);
      return { kind: "blob", name: source.name, blob: new Blob([bytes as BlobPart]) };
    }
    case "program": {
      const program = await startProgram();
      const pages = (pageSize: number): number => program.memory().length / pageSize;
      return { kind: "program", name: "program", program, pages };
    }
    case "drawing":
      return { kind: "drawing", name: "drawing", pages: () => source.pages };
  }
}

/** Puts all pages of a file. @returns false when it was cancelled */
async function streamBlob(
  box: Outbox,
  store: Session,
  run: number,
  blob: Blob,
  runs: readonly { readonly first: number; readonly count: number }[],
  pages: number,
): Promise<boolean> {
  const { pageSize } = store;
  const batchPages = BATCH_BYTES / pageSize;
  const buffer = new Uint8Array(BATCH_BYTES);
  const views = toPages(buffer, pageSize);
  let done = 0;
  for (const part of runs) {
    for (let page = part.first; page < part.first + part.count; page += batchPages) {
      const count = Math.min(batchPages, part.first + part.count - page);
      const slice = blob.slice(page * pageSize, (page + count) * pageSize);
      const bytes = new Uint8Array(await slice.arrayBuffer());
      if (!(await turns.mayGoOn(run))) return false;
      buffer.set(bytes);
      buffer.fill(0, bytes.length, count * pageSize);
      const numbers = Uint32Array.from({ length: count }, (_, index) => done + index);
      await store.store(numbers, views);
      done += count;
      report(box, store, numbers, done / pages);
    }
  }
  return true;
}

/** Lets the program work, and puts its memory after each round. @returns false when cancelled */
async function runProgram(
  box: Outbox,
  store: Session,
  run: number,
  program: Awaited<ReturnType<typeof startProgram>>,
): Promise<boolean> {
  try {
    const batchPages = BATCH_BYTES / store.pageSize;
    for (let round = 0; round < PROGRAM_ROUNDS; round++) {
      program.work(round);
      const memory = program.memory();
      const pages = Math.min(memory.length / store.pageSize, store.forms.length);
      for (let first = 0; first < pages; first += batchPages) {
        if (!(await turns.mayGoOn(run))) return false;
        const count = Math.min(batchPages, pages - first);
        const numbers = Uint32Array.from({ length: count }, (_, index) => first + index);
        const part = memory.subarray(first * store.pageSize, (first + count) * store.pageSize);
        await store.store(numbers, toPages(part, store.pageSize));
        report(box, store, numbers, (round + first / pages) / PROGRAM_ROUNDS);
      }
    }
    return true;
  } finally {
    program.close();
  }
}

/** Tells the page what was put, and what had to make room for it. */
function report(box: Outbox, store: Session, put: Uint32Array, progress: number): void {
  box.add(EVENT_PUT, put, progress);
  const moved = store.takeMoved();
  if (moved.length > 0) box.add(EVENT_WRITEBACK, moved, progress);
  const trouble = store.takeTrouble();
  if (trouble !== null) answer({ kind: "note", run: turns.run, message: trouble });
}

/** One after the other, because a device may take its time. */
async function storePixels(run: number, pages: Uint32Array, bytes: Uint8Array): Promise<void> {
  const store = session;
  const box = outbox;
  if (store === null || box === null || !turns.isCurrent(run)) return;
  await store.store(pages, toPages(bytes, store.pageSize));
  if (!turns.isCurrent(run)) return;
  report(box, store, pages, 1);
  box.flush(1);
  answer({ kind: "classes", run, rows: store.classes() });
}

async function inspect(run: number, page: number): Promise<void> {
  if (session === null) return;
  const details = await session.inspect(page);
  if (turns.isCurrent(run)) answer({ kind: "page", run, details });
}

async function act(run: number, action: PoolAction): Promise<void> {
  const store = session;
  const box = outbox;
  if (store === null || box === null) return;
  turns.rearm();
  const before = store.classes();
  const { text, pages, event } = await runAction(store, action, async (words) => {
    answer({ kind: "acting", run, text: words });
    return turns.mayGoOn(run);
  });
  if (!turns.isCurrent(run)) return;
  if (pages.length > 0) box.add(event, pages, 1);
  box.flush(1);
  answer({
    kind: "acted",
    run,
    action,
    text,
    before,
    rows: store.classes(),
    totals: store.totals(),
  });
}

function toPages(buffer: Uint8Array, pageSize: number): Uint8Array[] {
  return Array.from({ length: buffer.length / pageSize }, (_, index) =>
    buffer.subarray(index * pageSize, (index + 1) * pageSize),
  );
}
