/**
 * Coming into a shared pool and leaving it, where something is in the way: ids that are given again,
 * locks of dead workers, calls that are repeated. Workers here are objects of one thread.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ZmemError } from "../../src/errors.ts";
import { Control, MEMBERS_LOCK, TYPES_LOCK } from "../../src/shared/control.ts";
import type { EndableWorker } from "../../src/shared/end-worker.ts";
import { SharedFrontswap } from "../../src/shared/frontswap.ts";
import { SharedZmem, type SharedZmemPoolOptions } from "../../src/shared/zmem.ts";
import { makePage } from "../conformance/pages.ts";
import { sharedModule } from "./modules.ts";

const module = sharedModule();
const test = suite("shared pool, coming and leaving");
const page = makePage("text", 1, 4096);

function createPool(): Promise<SharedZmem> {
  return SharedZmem.create(module, { maximumBytes: 2 ** 24, patienceMs: 20 });
}

/** What stands for a worker, and whether it was ended. */
function makeWorker(): EndableWorker & { ended: boolean } {
  return {
    ended: false,
    async terminate() {
      this.ended = true;
    },
  };
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof ZmemError && error.code === code;
}

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.unreachable("expected it to be rejected"),
    (error: unknown) => error,
  );
}

/** Has a lock of the front-end held by an id that nobody has, as a worker that died leaves it. */
function hold(zmem: SharedZmem, lock: number): () => void {
  const { words } = Control.open(zmem.frontswap.control);
  Atomics.store(words, lock, 63);
  return () => Atomics.store(words, lock, 0);
}

test("who has left is not mistaken for the worker that has its id now", async () => {
  const zmem = await createPool();
  const area = zmem.swapOn({ pages: 10 });
  const ways = ["detach", "reap"] as const;
  for (const way of ways) {
    const [gone, living] = [makeWorker(), makeWorker()];
    const first = await SharedZmem.attach(zmem.attachmentFor(gone));
    const { workerId } = first;
    if (way === "detach") first.detach();
    else zmem.reap(workerId);
    const second = await SharedZmem.attach(zmem.attachmentFor(living));
    assert.is(second.workerId, workerId, "its id is given again");
    assert.is(await zmem.terminate(gone), false, way);
    assert.ok(gone.ended);
    assert.is(second.area(area.type).put(1, page), true, `${way}: the other one lives`);
    assert.is(await zmem.terminate(living), true);
    assert.throws(() => second.area(area.type).put(1, page), hasCode("ERR_ZMEM_CLOSED"));
  }
});

test("a worker by its id is whoever has it when it is told to end", async () => {
  const zmem = await createPool();
  const first = await SharedZmem.attach(zmem.attachment);
  const { workerId } = first;
  let end = (): void => undefined;
  const slow = { terminate: () => new Promise<void>((resolve) => (end = resolve)) };
  const ended = zmem.terminate(slow, workerId);
  first.detach();
  const second = await SharedZmem.attach(zmem.attachment);
  end();
  assert.is(await ended, false);
  assert.is(second.workerId, workerId);
  assert.is(second.stats().workers, 2);
  second.detach();
  assert.is(await zmem.terminate(makeWorker(), workerId), false, "nobody has it");
});

test("terminate with an id that can't be has ended nobody", async () => {
  const zmem = await createPool();
  const worker = makeWorker();
  for (const id of [NaN, 0, 64, zmem.workerId]) {
    assert.instance(await reasonOf(zmem.terminate(worker, id)), RangeError);
  }
  assert.is(worker.ended, false);
});

test("of two attachments for a worker the first is void, and its id is free", async () => {
  const zmem = await createPool();
  const worker = makeWorker();
  const old = zmem.attachmentFor(worker);
  for (let times = 0; times < 100; times++) zmem.attachmentFor(worker);
  const last = zmem.attachmentFor(worker);
  assert.is(last.ticket?.workerId, old.ticket?.workerId);
  assert.ok(hasCode("ERR_ZMEM_CLOSED")(await reasonOf(SharedZmem.attach(old))));
  const other = await SharedZmem.attach(last);
  assert.throws(() => zmem.attachmentFor(worker), hasCode("ERR_ZMEM_BUSY"));
  other.detach();
  assert.is(zmem.attachmentFor(worker).ticket?.workerId, last.ticket?.workerId);
});

test("how long a lock is waited for is a time that there can be", async () => {
  for (const patienceMs of [NaN, 0, 0.5, -1, -Infinity]) {
    const reason = await reasonOf(SharedZmem.create(module, { patienceMs }));
    assert.instance(reason, RangeError);
    assert.match(String(reason), /patienceMs: expected 1 or more milliseconds/);
    assert.throws(() => new SharedFrontswap({ lockTimeoutMs: patienceMs }), /lockTimeoutMs/);
  }
  for (const patienceMs of ["20", 20n, null, {}]) {
    const options = { patienceMs } as unknown as SharedZmemPoolOptions;
    assert.instance(await reasonOf(SharedZmem.create(module, options)), TypeError);
  }
  const zmem = await SharedZmem.create(module, { maximumBytes: 2 ** 24, patienceMs: Infinity });
  assert.is(zmem.attachment.patienceMs, 2 ** 31 - 1);
  zmem.close();
});

test("an attaching that fails half-way leaves no part of itself", async () => {
  const zmem = await createPool();
  zmem.swapOn({ pages: 10 });
  const { heldBytes, freeBytes } = zmem.stats();
  const release = hold(zmem, TYPES_LOCK);
  const reason = await reasonOf(SharedZmem.attach(zmem.attachment));
  assert.ok(hasCode("ERR_ZMEM_HELD")(reason), String(reason));
  release();
  const stats = zmem.stats();
  assert.is(stats.workers, 1);
  assert.is(stats.heldBytes - stats.freeBytes, heldBytes - freeBytes, "its windows are free");
});

test("a detach that meets a dead worker's lock is done again once that is free", async () => {
  const zmem = await createPool();
  const area = zmem.swapOn({ pages: 10 });
  const other = await SharedZmem.attach(zmem.attachment);
  const { workerId } = other;
  const release = hold(zmem, MEMBERS_LOCK);
  assert.throws(() => other.detach(), hasCode("ERR_ZMEM_HELD"));
  release();
  assert.is(other.area(area.type).put(1, page), true, "it takes part still");
  other.detach();
  assert.is(zmem.stats().workers, 1);
  assert.is(zmem.reap(workerId), false, "it has left");
  assert.throws(() => other.stats(), hasCode("ERR_ZMEM_CLOSED"));
});

test("who could not leave the backend is reaped there as well", async () => {
  const zmem = await createPool();
  const other = await SharedZmem.attach(zmem.attachment);
  const held = new ZmemError("ERR_ZMEM_HELD", "a lock was held");
  const leaveBackend = (): never => {
    throw held;
  };
  assert.throws(() => other.frontswap.detach(leaveBackend), hasCode("ERR_ZMEM_HELD"));
  assert.is(other.frontswap.hasLeft, false);
  assert.is(zmem.reap(other.workerId), true);
  assert.is(zmem.stats().workers, 1);
});

test.run();
