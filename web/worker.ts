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
  type DeviceKind,
  EVENT_PUT,
  EVENT_WRITEBACK,
  MAX_CELLS,
  type PoolAction,
  type PoolOptions,
  type Request,
} from "./protocol.ts";
import { type OpenDevice, openDevice } from "./worker/devices.ts";
import { runAction } from "./worker/actions.ts";
import { Outbox } from "./worker/outbox.ts";
import { openPlainPool } from "./worker/plain-pool.ts";
import { toPlainWords } from "./worker/plain-words.ts";
import { Session } from "./worker/session.ts";
import { countPages, type Prepared, prepareSource } from "./worker/source.ts";
import { streamBlob, streamProgram } from "./worker/stream.ts";
import { Ended, Turns } from "./worker/turns.ts";

/** More than this of a file is sampled: browsers end tabs that take too much memory. */
const MAX_BYTES = 1024 ** 3;
const SEED = 1;

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
const turns = new Turns();
let session: Session | null = null;
let outbox: Outbox | null = null;
let pixelQueue: Promise<void> = Promise.resolve();
/** The run whose source is being put; 0 for none. */
let streaming = 0;

type Start = Extract<Request, { kind: "start" }>;

scope.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  if (data.kind === "start") {
    turns.begin(data.run);
    start(data).catch((error: unknown) => endEarly(data.run, error));
    return;
  }
  if (!turns.isCurrent(data.run)) return;
  if (data.kind === "pause") turns.pause(data.paused);
  else if (data.kind === "cancel") {
    turns.cancel();
    session?.drop();
  } else handle(data).catch((error: unknown) => fail(data.run, error, false));
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
  if (!turns.isCurrent(run)) return;
  const hasPool = session !== null;
  answer({ kind: "failed", run, message: toPlainWords(error), endsRun, hasPool });
}

/** A run ended before its time: what was put until then is there to be looked at. */
function endEarly(run: number, error: unknown): void {
  if (!turns.isCurrent(run)) return;
  if (session !== null && outbox !== null) {
    outbox.renumber(run);
    outbox.flush(1);
    answer({ kind: "classes", run, rows: session.classes() });
  }
  if (error instanceof Ended) answer({ kind: "dropped", run, hasPool: session !== null });
  else fail(run, error, true);
}

async function start(request: Start): Promise<void> {
  const prepared = await prepareSource(request.source, () => turns.breathe(request.run));
  try {
    await runSource(request, prepared);
  } finally {
    if (prepared.kind === "program") prepared.program.close();
  }
}

async function runSource({ run, options }: Start, prepared: Prepared): Promise<void> {
  const { pageSize } = options;
  if (!turns.isCurrent(run)) return;
  const sourcePages = countPages(prepared, pageSize);
  const mostPages = Math.min(Math.floor(MAX_BYTES / pageSize), MAX_CELLS);
  const parts = [...samplePages(sourcePages, mostPages, createRandom(SEED))];
  const pages = parts.reduce((sum, { count }) => sum + count, 0);
  const room = prepared.kind === "program" ? MAX_CELLS / (pageSize / 4096) : pages;
  const ended = session;
  session = null;
  await ended?.close();
  const { opened, device } = await openSession(run, options, room);
  if (!turns.isCurrent(run)) {
    await opened.close();
    return;
  }
  session = opened;
  const box = new Outbox(opened, run, answer);
  outbox = box;
  answer({ kind: "started", run, pages, sourcePages, options: { ...options, device } });
  const host = {
    mayGoOn: async () => turns.mayGoOn(run),
    onPut: (put: Uint32Array, progress: number) => report(run, box, opened, put, progress),
  };
  let completed = true;
  streaming = run;
  try {
    if (prepared.kind === "blob") {
      completed = await streamBlob(opened, prepared.blob, parts, host);
    } else if (prepared.kind === "program") {
      completed = await streamProgram(opened, prepared.program, host);
    }
  } finally {
    if (streaming === run) streaming = 0;
  }
  if (!turns.isCurrent(run)) return;
  addMoved(box, opened, 1, true);
  box.flush(1);
  tellTrouble(run, opened);
  answer({ kind: "classes", run, rows: opened.classes() });
  answer({ kind: "done", run, totals: opened.totals(), cancelled: !completed });
}

/** @returns with the kind of the device that was really had */
async function openSession(
  run: number,
  options: PoolOptions,
  pages: number,
): Promise<{ opened: Session; device: DeviceKind }> {
  if (options.workers > 1) {
    // A bundle of its own: who never asks for more workers never fetches it.
    const { openSharedPool } = await import("./worker/shared-pool.ts");
    return { opened: new Session(await openSharedPool(options, pages)), device: options.device };
  }
  let device: OpenDevice = { kind: "none" };
  let kind: DeviceKind = "none";
  try {
    device = await openDevice(options.device, options.pageSize);
    kind = options.device;
  } catch (error) {
    const reason = toPlainWords(error);
    answer({ kind: "note", run, message: `${reason} The run goes on without a swap device.` });
  }
  return { opened: new Session(await openPlainPool(options, pages, device)), device: kind };
}

/** Tells the page what was put, and what had to make room for it. */
function report(
  run: number,
  box: Outbox,
  store: Session,
  put: Uint32Array,
  progress: number,
): void {
  box.add(EVENT_PUT, put, progress);
  addMoved(box, store, progress, false);
  tellTrouble(run, store);
}

/** What had to make room, as far as it is known; all of it at the end of a run. */
function addMoved(box: Outbox, store: Session, progress: number, all: boolean): void {
  const moved = store.takeMoved(all);
  if (moved.length > 0) box.add(EVENT_WRITEBACK, moved, progress);
}

/** What befell the device or a worker, if it was not told yet. */
function tellTrouble(run: number, store: Session): void {
  const message = store.takeTrouble();
  if (message !== null) answer({ kind: "note", run, message });
}

/** One after the other, because a device may take its time. */
async function storePixels(run: number, pages: Uint32Array, bytes: Uint8Array): Promise<void> {
  const store = session;
  const box = outbox;
  if (store === null || box === null || !turns.isCurrent(run)) return;
  await store.store({ numbers: pages, bytes });
  if (!turns.isCurrent(run)) return;
  report(run, box, store, pages, 1);
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
  if (store === null || box === null) {
    throw new Error("There is no pool to work on. Run again, or choose another source.");
  }
  // While pages still come, what was cancelled is the run.
  if (streaming !== run) turns.rearm();
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
