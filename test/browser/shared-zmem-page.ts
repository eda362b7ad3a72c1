/**
 * A page that makes a shared zmem and uses it from its main thread while web workers do, and ends
 * workers in the middle of it.
 */
import { attachZmem, createZmem, type EndableWorker } from "../../src/index.shared.ts";
import { makeVersion, markPage, readMark } from "../shared/marked-page.ts";
import type { SharedOrder } from "./shared-zmem-worker.ts";

const PAGES = 200;

/** What the run has seen. */
export interface SharedReport {
  readonly workerCalls: number;
  readonly mainCalls: number;
  readonly terminations: number;
  readonly violations: readonly string[];
  /** Presence bits, the front-end's count, the backend's count, while nobody was at work. */
  readonly counts: readonly [number, number, number];
  /** Pages and payload after everything was flushed. */
  readonly left: readonly [number, number];
}

async function run(rounds: number): Promise<SharedReport> {
  const zmem = await createZmem({ shared: true, maximumBytes: 2 ** 26 });
  const area = zmem.swapOn({ pages: PAGES, type: 0 });
  const violations: string[] = [];
  let workerCalls = 0;
  let mainCalls = 0;
  let terminations = 0;

  async function start(seat: number): Promise<EndableWorker> {
    const worker = new Worker("/shared-zmem-worker.js", { type: "module" });
    // The last is ended as if another thread had started it: told by a promise, while it runs on.
    const endable = seat === 2 ? { terminate: async () => worker.terminate() } : worker;
    const order: SharedOrder = { attachment: zmem.attachmentFor(endable), seat, pages: PAGES };
    const ready = new Promise<void>((resolve, reject) => {
      worker.addEventListener("error", (event) => reject(new Error(event.message)));
      worker.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
        if (data === "ready") resolve();
        else if (typeof data === "number") workerCalls += data;
        else violations.push(String(data));
      });
    });
    worker.postMessage(order);
    await ready;
    return endable;
  }

  const page = new Uint8Array(zmem.pageSize);
  function work(milliseconds: number): void {
    const until = performance.now() + milliseconds;
    while (performance.now() < until) {
      const offset = Math.floor(Math.random() * PAGES);
      markPage(page, 0, offset, makeVersion(7, ++mainCalls));
      area.put(offset, page);
      const other = Math.floor(Math.random() * PAGES);
      if (area.get(other, page) && readMark(page, 0, other) < 0) violations.push(`main: ${other}`);
    }
  }

  const workers = [await start(0), await start(1), await start(2)];
  for (let round = 0; round < rounds; round++) {
    work(Math.random() * 10);
    // A turn of the event loop, so that messages arrive.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
    const seat = round % workers.length;
    if (await zmem.terminate(workers[seat] as EndableWorker)) terminations += 1;
    // Who lives holds a lock: the two others, and the main thread.
    const { held = [] } = await navigator.locks.query();
    if (held.length !== workers.length) violations.push(`${held.length} live after round ${round}`);
    work(3);
    workers[seat] = await start(seat);
  }
  for (const worker of workers) if (await zmem.terminate(worker)) terminations += 1;
  let bits = 0;
  for (let offset = 0; offset < PAGES; offset++) if (area.has(offset)) bits += 1;
  const counts = [bits, zmem.frontswap.countPages(0), zmem.backend.countPages(0)] as const;
  area.off();
  const { pages, payloadBytes } = zmem.stats();
  zmem.close();
  return {
    workerCalls,
    mainCalls,
    terminations,
    violations,
    counts,
    left: [pages, payloadBytes],
  };
}

async function fail(): Promise<string> {
  return createZmem().then(
    () => "made",
    (error: unknown) => String(error),
  );
}

/** How workers that have left or try twice are told from those that live. All in one thread. */
export interface AttendanceReport {
  /** What the termination of one says that has left, and whose id another has. */
  readonly tookPart: boolean;
  /** What a second use of an attachment ends with, while the first lives, and after it has left. */
  readonly again: readonly string[];
  /** Locks that say that a worker lives: while two do, and when only the page does. */
  readonly locks: readonly number[];
}

async function attend(): Promise<AttendanceReport> {
  const zmem = await createZmem({ shared: true, maximumBytes: 2 ** 26 });
  const makeWorker = (): EndableWorker => ({ terminate: () => Promise.resolve() });
  const countLocks = async (): Promise<number> => (await navigator.locks.query()).held?.length ?? 0;
  const [gone, living] = [makeWorker(), makeWorker()];
  const attachment = zmem.attachmentFor(gone);
  const tryAgain = (): Promise<string> => attachZmem(attachment).then(() => "attached", String);
  const first = await attachZmem(attachment);
  const again = [await tryAgain()];
  first.detach();
  // A lock is given back a moment later.
  while ((await countLocks()) > 1);
  again.push(await tryAgain());
  const second = await attachZmem(zmem.attachmentFor(living));
  const tookPart = await zmem.terminate(gone);
  const locks = [await countLocks()];
  second.detach();
  await zmem.terminate(living);
  locks.push(await countLocks());
  zmem.close();
  return { tookPart, again, locks };
}

Object.assign(globalThis, { runShared: run, failShared: fail, attendShared: attend });
