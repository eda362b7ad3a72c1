/**
 * The model test of areas with a device on a shared pool: random calls of several workers in one
 * thread, with random faults of their storage, each compared with a plain Map.
 *
 * The rules are those of swap-model.ts: a put that answers true is in the Map; one that answers
 * false or throws is not, nor is an older copy; a get gives what the Map has, or throws when the
 * storage fails, and then the page is still there. Besides: a page is in the pool or on the device
 * and never in both, and the tables of the device agree with each other.
 *
 * A run follows from its seed alone.
 */
import * as assert from "uvu/assert";
import { MemoryStorage } from "../../src/devices/memory-storage.ts";
import { ZmemError } from "../../src/errors.ts";
import type { SharedDeviceArea } from "../../src/shared/device-area.ts";
import { SharedZmem } from "../../src/shared/zmem.ts";
import {
  createRandom,
  isSameFilledKind,
  makePage,
  PAGE_KINDS,
  type Random,
} from "../conformance/pages.ts";
import { FaultyStorage, type StorageFault } from "./faulty-storage.ts";
import { testingExports } from "./testing-exports.ts";

export interface DeviceModelRun {
  readonly module: WebAssembly.Module;
  readonly seed: number;
  readonly operations: number;
  readonly workers: number;
  readonly pageSize: number;
  /** Pages that the device has room for. */
  readonly devicePages: number;
}

/** What a run did: one in which nothing failed or came back proves little. */
export interface DeviceModelTally {
  kept: number;
  rejected: number;
  failedPuts: number;
  found: number;
  failedGets: number;
  writtenBack: number;
  promoted: number;
  deviceErrors: number;
  deviceFull: number;
}

const PAGES = 500;
const LIBRARY_SIZE = 64;
/** Room for no page at some times, for all at others: bytes beside the fixed part, of all pages. */
const LIMITS = [0, 0.03, 0.1, 0.3, 2];

interface Worker {
  readonly zmem: SharedZmem;
  readonly area: SharedDeviceArea;
  readonly storage: FaultyStorage;
}

interface Expected {
  readonly source: number;
  readonly stamp: number;
}

export async function runDeviceModel(run: DeviceModelRun): Promise<DeviceModelTally> {
  const model = new DeviceModel(run, await startWorkers(run));
  for (let step = 0; step < run.operations; step++) {
    try {
      model.step();
      if (step % 400 === 0) model.check();
    } catch (error) {
      throw new Error(`seed ${run.seed}, step ${step}`, { cause: error });
    }
  }
  return model.end();
}

async function startWorkers(run: DeviceModelRun): Promise<Worker[]> {
  const { module, pageSize, devicePages } = run;
  const inner = MemoryStorage.create(devicePages * pageSize * 2);
  const zmem = await SharedZmem.create(module, {
    pageSize,
    maximumBytes: 2 ** 26,
    recompression: true,
    writeback: { clusterPages: 8 },
  });
  const first = new FaultyStorage(inner);
  const area = zmem.swapOn({ pages: PAGES, device: first });
  const workers = [{ zmem, storage: first, area }];
  while (workers.length < run.workers) {
    const other = await SharedZmem.attach(zmem.attachment);
    const storage = new FaultyStorage(MemoryStorage.open(inner.link));
    // One of them never promotes.
    const promote = workers.length % 3 !== 2;
    workers.push({
      zmem: other,
      storage,
      area: other.area(area.type, { device: storage, promote }),
    });
  }
  return workers;
}

class DeviceModel {
  readonly #run: DeviceModelRun;
  readonly #workers: readonly Worker[];
  readonly #random: Random;
  readonly #library: readonly Uint8Array[];
  readonly #expected = new Map<number, Expected>();
  readonly #put: Buffer;
  readonly #got: Buffer;
  readonly #tally = { kept: 0, rejected: 0, failedPuts: 0, found: 0, failedGets: 0 };
  #stamp = 1;

  constructor(run: DeviceModelRun, workers: readonly Worker[]) {
    this.#run = run;
    this.#workers = workers;
    this.#random = createRandom(run.seed);
    this.#put = Buffer.alloc(run.pageSize);
    this.#got = Buffer.alloc(run.pageSize);
    this.#library = Array.from({ length: LIBRARY_SIZE }, (_, at) =>
      makePage(PAGE_KINDS[at % PAGE_KINDS.length] ?? "text", run.seed + at, run.pageSize),
    );
  }

  step(): void {
    const random = this.#random;
    const worker = this.#workers[random.below(this.#workers.length)] as Worker;
    const offset = random.below(random.below(2) === 0 ? PAGES / 10 : PAGES);
    const dice = random.below(1000);
    if (dice < 450) this.#putPage(worker, offset);
    else if (dice < 850) this.#getPage(worker, offset);
    else if (dice < 930) {
      const had = this.#expected.delete(offset);
      assert.is(worker.area.flush(offset), had, `flush of ${offset}`);
    } else if (dice < 970) {
      assert.is(worker.area.has(offset), this.#expected.has(offset), `has ${offset}`);
    } else if (dice < 980) this.#setFaults(worker);
    else if (dice < 985) this.#setLimit(worker);
    else if (dice < 993) worker.zmem.writeBack(random.below(40));
    else if (dice < 997) worker.zmem.backend.compact({ objects: random.below(100) });
    else worker.zmem.backend.recompress({ pages: random.below(20) });
  }

  /** Walks everything there is. */
  check(): void {
    const { zmem, area } = this.#workers[0] as Worker;
    const { frontswap, backend } = zmem;
    assert.is(testingExports(backend).validate(), 0, "the validator");
    assert.is(frontswap.devices.places.findFault(area.type), null);
    const view = frontswap.devices.viewOf(area.type);
    let inPool = 0;
    let onDevice = 0;
    for (let offset = 0; offset < PAGES; offset++) {
      const isInPool = backend.getPage(area.type, offset, this.#got);
      const isOnDevice = frontswap.devices.places.has(view, offset);
      assert.not(isInPool && isOnDevice, `page ${offset} is in both`);
      assert.is(isInPool || isOnDevice, this.#expected.has(offset), `page ${offset}`);
      if (isInPool) inPool += 1;
      if (isOnDevice) onDevice += 1;
    }
    assert.is(frontswap.countPages(area.type), inPool, "pages in the pool");
    assert.is(area.pagesOnDevice, onDevice, "pages on the device");
    assert.ok(onDevice <= this.#run.devicePages);
  }

  /** Gets everything, flushes it and ends. */
  end(): DeviceModelTally {
    for (const { storage } of this.#workers) storage.fault = "none";
    this.check();
    const { zmem, area } = this.#workers[0] as Worker;
    for (let offset = 0; offset < PAGES; offset++)
      this.#getPage(this.#workers[0] as Worker, offset);
    const { writtenBackPages, promotedPages, deviceErrors, deviceFull } = zmem.stats();
    for (const offset of this.#expected.keys()) assert.ok(area.flush(offset));
    this.#expected.clear();
    this.check();
    const { pages, payloadBytes, objectBytes, currPages } = zmem.stats();
    assert.equal([pages, payloadBytes, objectBytes, currPages], [0, 0, 0, 0], "left after a flush");
    return {
      ...this.#tally,
      writtenBack: writtenBackPages,
      promoted: promotedPages,
      deviceErrors,
      deviceFull,
    };
  }

  #putPage({ area }: Worker, offset: number): void {
    const expected = { source: this.#random.below(LIBRARY_SIZE), stamp: this.#stamp++ };
    this.#fill(this.#put, expected);
    let stored = false;
    try {
      stored = area.put(offset, this.#put);
      this.#tally[stored ? "kept" : "rejected"] += 1;
    } catch (error) {
      assert.ok(error instanceof ZmemError && error.code === "ERR_ZMEM_DEVICE", String(error));
      this.#tally.failedPuts += 1;
    }
    if (stored) this.#expected.set(offset, expected);
    else this.#expected.delete(offset);
  }

  #getPage({ area }: Worker, offset: number): void {
    const expected = this.#expected.get(offset);
    this.#got.fill(0xa5);
    let found;
    try {
      found = area.get(offset, this.#got);
    } catch (error) {
      assert.ok(error instanceof ZmemError && error.code === "ERR_ZMEM_DEVICE", String(error));
      assert.ok(expected !== undefined, "a page that is not there was looked for on the device");
      this.#tally.failedGets += 1;
      return;
    }
    assert.is(found, expected !== undefined, `get of ${offset}`);
    if (expected === undefined) return;
    this.#fill(this.#put, expected);
    assert.is(Buffer.compare(this.#got, this.#put), 0, `page ${offset} is another one`);
    this.#tally.found += 1;
  }

  /** The stamp makes every page one of its own, but for those of one word. */
  #fill(page: Buffer, { source, stamp }: Expected): void {
    page.set(this.#library[source] as Uint8Array);
    const kind = PAGE_KINDS[source % PAGE_KINDS.length] ?? "text";
    if (!isSameFilledKind(kind)) page.writeUInt32LE(stamp, 16);
  }

  #setFaults({ storage }: Worker): void {
    const random = this.#random;
    const kinds: StorageFault[] = ["full", "write", "read"];
    const share = random.below(3) === 0 ? 2 + random.below(6) : 0;
    storage.fault = () =>
      share > 0 && random.below(share) === 0 ? (kinds[random.below(3)] ?? "none") : "none";
  }

  #setLimit({ zmem }: Worker): void {
    const share = LIMITS[this.#random.below(LIMITS.length)] as number;
    const { fixedBytes } = zmem.stats();
    zmem.backend.setLimit(fixedBytes + share * PAGES * this.#run.pageSize);
  }
}
