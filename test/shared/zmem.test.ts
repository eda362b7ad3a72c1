/** The entry zmem/shared: made in one thread, attached in others, areas, ends of workers. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import { Worker } from "node:worker_threads";
import { buildSync } from "esbuild";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ZmemError } from "../../src/errors.ts";
import { createZmem } from "../../src/index.shared.ts";
import { Terminations } from "../../src/shared/terminations.ts";
import type { WorkerTicket } from "../../src/shared/workers.ts";
import { makePage } from "../conformance/pages.ts";
import type { ZmemOrder } from "./zmem-worker.ts";

const [bundle] = buildSync({
  entryPoints: [fileURLToPath(new URL("./zmem-worker.ts", import.meta.url))],
  bundle: true,
  write: false,
  format: "cjs",
  platform: "node",
}).outputFiles;

const test = suite("zmem/shared");
const workers: Worker[] = [];
test.after.each(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
});

function startWorker(): Worker {
  const worker = new Worker(bundle?.text ?? "", { eval: true });
  workers.push(worker);
  return worker;
}

async function tell(worker: Worker, order: ZmemOrder): Promise<number> {
  worker.postMessage(order);
  const [answer] = (await once(worker, "message")) as [number];
  return answer;
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ZmemError && error.code === code;
}

test("what one worker puts, all get; each area object is on the same pages", async () => {
  const zmem = await createZmem({ shared: true, maximumBytes: 2 ** 26 });
  const area = zmem.swapOn({ pages: 1000 });
  const [one, two] = [startWorker(), startWorker()];
  const { attachment } = zmem;
  const ids = [
    await tell(one, { verb: "attach", attachment }),
    await tell(two, { verb: "attach", attachment: structuredClone(attachment) }),
  ];
  assert.is(new Set([...ids, zmem.workerId]).size, 3);
  assert.is(zmem.stats().workers, 3);
  assert.is(await tell(one, { verb: "put", type: area.type, count: 500 }), 500);
  assert.is(await tell(two, { verb: "put", type: area.type, count: 700 }), 700);
  const page = new Uint8Array(zmem.pageSize);
  for (let offset = 0; offset < 700; offset++) {
    assert.ok(area.get(offset, page));
    assert.equal(page, makePage("text", offset, zmem.pageSize));
  }
  assert.is(area.get(700, page), false);
  const stats = zmem.stats();
  assert.equal([stats.currPages, stats.pages, stats.succPuts], [700, 700, 1200]);
  assert.equal([stats.gets, stats.failedPuts], [700, 0]);
  for (const worker of [one, two]) await tell(worker, { verb: "detach" });
  assert.is(zmem.stats().workers, 1);
  assert.is(zmem.reap(ids[0] as number), false, "it had detached");
  assert.ok(area.has(0) && area.flush(0) && !area.has(0));
  assert.is(zmem.area(area.type).pages, 1000);
  area.off();
  assert.is(zmem.stats().pages, 0);
  assert.throws(() => zmem.area(area.type), hasCode("ERR_ZMEM_TYPE_OFF"));
  zmem.close();
  assert.throws(() => zmem.stats(), hasCode("ERR_ZMEM_CLOSED"));
  assert.throws(() => area.put(0, page), hasCode("ERR_ZMEM_CLOSED"));
});

test("terminate ends a worker in the middle of its puts and reaps it", async () => {
  const zmem = await createZmem({ maximumBytes: 2 ** 26 });
  const area = zmem.swapOn({ pages: 100, type: 3 });
  for (let round = 0; round < 5; round++) {
    const worker = startWorker();
    const attachment = zmem.attachmentFor(worker);
    const id = await tell(worker, { verb: "attach", attachment });
    assert.is(id, attachment.ticket?.workerId);
    await tell(worker, { verb: "spin", type: 3, count: 100 });
    assert.is(await zmem.terminate(worker), true);
    assert.is(zmem.stats().workers, 1);
    const page = makePage("text", 0, zmem.pageSize);
    for (let offset = 0; offset < 100; offset++) assert.ok(area.put(offset, page));
    assert.is(zmem.frontswap.countPages(3), 100);
  }
  const never = startWorker();
  const kept = zmem.attachmentFor(never).ticket?.workerId;
  assert.is(await zmem.terminate(never), true, "it had not attached yet");
  const stranger = startWorker();
  await rejects(zmem.terminate(stranger), /attachmentFor/);
  const id = await tell(stranger, { verb: "attach", attachment: zmem.attachment });
  assert.is(id, kept, "its id is free again");
  assert.is(await zmem.terminate(stranger, id), true);
  area.off();
  assert.equal([zmem.stats().pages, zmem.stats().payloadBytes], [0, 0]);
  zmem.close();
});

test("what stands for a worker of another thread's is waited for, and its failure passed on", async () => {
  const zmem = await createZmem({ maximumBytes: 2 ** 26 });
  let end = (): void => undefined;
  // A promise, but none of this realm.
  const ForeignPromise = runInNewContext("Promise") as typeof Promise;
  const standIn = {
    terminate: () => new ForeignPromise<void>((resolve) => (end = resolve)),
  };
  zmem.attachmentFor(standIn);
  let isReaped = false;
  const reaped = zmem.terminate(standIn).then((tookPart) => {
    isReaped = true;
    return tookPart;
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.is(isReaped, false);
  end();
  assert.is(await reaped, true);
  const lost = { terminate: () => Promise.reject(new Error("the page is gone")) };
  const id = zmem.attachmentFor(lost).ticket?.workerId ?? 0;
  await rejects(zmem.terminate(lost), /the page is gone/);
  assert.is(zmem.reap(id), true, "it was not reaped: it may live");
  zmem.close();
});

test("workers terminated together are reaped together, whichever has ended first", async () => {
  const reaped: number[][] = [];
  const terminations = new Terminations((tickets) => {
    const ids = tickets.map(({ workerId }) => workerId);
    reaped.push(ids);
    return ids.map((id) => id !== 3);
  });
  const toTicket = (workerId: number): WorkerTicket => ({ workerId, incarnation: 0 });
  const ends = [1, 2, 3].map((id) => {
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    return { end, result: terminations.reapAfter(toTicket(id), ended) };
  });
  const failed = terminations.reapAfter(
    toTicket(4),
    Promise.reject(new Error("it can't be ended")),
  );
  await rejects(failed, /can't be ended/);
  for (const at of [1, 2, 0]) {
    assert.equal(reaped, [], "others were told to end and have not");
    ends[at]?.end();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(await Promise.all(ends.map(({ result }) => result)), [true, true, false]);
  assert.equal(reaped, [[2, 3, 1]], "all in one go");
});

test("four workers at work, terminated at once", async () => {
  const zmem = await createZmem({ maximumBytes: 2 ** 26 });
  const area = zmem.swapOn({ pages: 100 });
  const four = [1, 2, 3, 4].map(() => startWorker());
  for (const worker of four) {
    await tell(worker, { verb: "attach", attachment: zmem.attachmentFor(worker) });
    await tell(worker, { verb: "spin", type: area.type, count: 50 });
  }
  assert.equal(
    await Promise.all(four.map((worker) => zmem.terminate(worker))),
    Array(4).fill(true),
  );
  assert.is(zmem.stats().workers, 1);
  const page = new Uint8Array(zmem.pageSize);
  for (let offset = 1; offset < 50; offset++) assert.ok(area.get(offset, page), `page ${offset}`);
  area.off();
  assert.equal([zmem.stats().pages, zmem.stats().payloadBytes], [0, 0]);
  zmem.close();
});

async function rejects(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.match(String(error), pattern);
}

test("what a shared pool can't do is refused with a reason", async () => {
  const zmem = await createZmem({ maximumBytes: 2 ** 26 });
  const device = { pageSize: 4096 };
  assert.throws(
    () => zmem.swapOn({ pages: 10, device } as { pages: number }),
    /storage that several threads open/,
  );
  assert.throws(() => zmem.backend.trim(), hasCode("ERR_ZMEM_SHARED"));
  zmem.swapOn({ pages: 10, type: 5 });
  assert.throws(() => zmem.swapOn({ pages: 10, type: 5 }), RangeError);
  zmem.close();
});

test("outside of a cross-origin isolated page the error names the headers", async () => {
  const scope = globalThis as { crossOriginIsolated?: boolean };
  scope.crossOriginIsolated = false;
  try {
    await rejects(createZmem(), /Cross-Origin-Opener-Policy.*Cross-Origin-Embedder-Policy/);
  } finally {
    delete scope.crossOriginIsolated;
  }
});

test.run();
