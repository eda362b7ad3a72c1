/**
 * One of several workers that put pages into a shared pool: takes part in it, reads its batches, puts
 * them, gets them back and compares.
 *
 * Why so: while a batch is read this worker hears of others, so the next is read while one is put,
 * and what was not begun can be dropped at once.
 */
import { attachZmem, type SharedZmem } from "../src/index.shared.ts";
import { type CrewAnswer, type CrewRequest, type Join } from "./worker/crew-messages.ts";
import { toPlainWords } from "./worker/plain-words.ts";
import { Putter, readPages } from "./worker/putter.ts";
import { openSharedSlots } from "./worker/shared-slots.ts";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
/** Batches whose bytes are being read. */
const reading = new Set<number>();
let last: Promise<unknown> = Promise.resolve();
let zmem: SharedZmem | null = null;
let putter: Putter | null = null;
let work: MessagePort | null = null;

function answer(message: CrewAnswer, transfer: Transferable[] = []): void {
  work?.postMessage(message, transfer);
}

scope.addEventListener("message", ({ data }: MessageEvent<Join>) => void join(data), {
  once: true,
});

function hear({ data }: MessageEvent<CrewRequest>): void {
  if (data.kind === "put") void put(data);
  else {
    dropAll();
    if (data.kind === "leave") leave();
  }
}

async function join(request: Join): Promise<void> {
  work = request.work;
  work.addEventListener("message", hear);
  work.start();
  try {
    zmem = await attachZmem(request.attachment);
    const slots = openSharedSlots(zmem, request.area);
    putter = new Putter(slots, zmem.pageSize, request.groupPages);
    answer({ kind: "joined" });
  } catch (error) {
    answer({ kind: "refused", message: toPlainWords(error) });
  }
}

async function put({ task, batch }: Extract<CrewRequest, { kind: "put" }>): Promise<void> {
  if (zmem === null) return;
  reading.add(task);
  try {
    const pages = await readPages(batch, zmem.pageSize);
    if (!reading.delete(task)) return;
    // One after the other: a putter has room for the pages of one batch.
    const stored = last.then(async () => putter?.store(batch.numbers, pages));
    last = stored.catch(() => undefined);
    const outcome = await stored;
    if (outcome === undefined) return;
    const { rejected, puts, gets } = outcome;
    answer({ kind: "done", task, outcome }, [rejected.buffer, puts.buffer, gets.buffer]);
  } catch (error) {
    reading.delete(task);
    answer({ kind: "failed", task, message: toPlainWords(error) });
  }
}

function dropAll(): void {
  for (const task of reading) answer({ kind: "dropped", task });
  reading.clear();
}

function leave(): void {
  putter = null;
  zmem?.detach();
  answer({ kind: "left" });
}
