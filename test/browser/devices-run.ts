/**
 * What the browser does in devices.test.ts: the commands that a page and its workers understand.
 *
 * Why so: the same code runs in both, because IndexedDB serves both and OPFS must refuse the one.
 * A command answers with plain data; what it keeps (open devices) it keeps in its own realm, so a
 * worker that is terminated takes them with it, as a real one would.
 */
import type { SlotBlock } from "../../src/devices/device.ts";
import { IndexedDbSwapDevice } from "../../src/devices/indexeddb.ts";
import { OpfsSwapDevice } from "../../src/devices/opfs.ts";
import { asyncDeviceCases, deviceCases, type DeviceCase } from "../conformance/device.ts";
import { makeBlock } from "../conformance/device-blocks.ts";

/** A case that failed, and why. */
export interface CaseResult {
  readonly name: string;
  readonly error: string | null;
}

const PAGE_SIZE = 4096;

const open: (OpfsSwapDevice | IndexedDbSwapDevice)[] = [];

async function runCases(cases: readonly DeviceCase[]): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const { name, run } of cases) {
    let error: string | null = null;
    try {
      await run();
    } catch (thrown) {
      error = thrown instanceof Error ? `${thrown.message}\n${thrown.stack}` : String(thrown);
    }
    results.push({ name, error });
  }
  return results;
}

async function opfsFiles(): Promise<string[]> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle("zmem-swap", { create: true });
  const names: string[] = [];
  const { keys } = folder as unknown as { keys(): AsyncIterable<string> };
  for await (const name of keys.call(folder)) names.push(name);
  return names.sort();
}

async function databases(): Promise<string[]> {
  const names = (await indexedDB.databases()).map(({ name }) => name ?? "");
  return names.filter((name) => name.startsWith("zmem-swap")).sort();
}

/** Time per page in microseconds of writes by ones and by clusters, and of reads. */
async function measure(kind: "opfs" | "indexeddb"): Promise<Record<string, number>> {
  const device = kind === "opfs" ? await OpfsSwapDevice.open() : await IndexedDbSwapDevice.open();
  const figures: Record<string, number> = {};
  const block = makeBlock(1, 1600);
  const into = new Uint8Array(PAGE_SIZE);
  const pages = kind === "opfs" ? 2048 : 512;
  const time = async (name: string, work: () => Promise<void>): Promise<void> => {
    const started = performance.now();
    await work();
    figures[name] = ((performance.now() - started) * 1000) / pages;
  };
  await time("write1", async () => {
    for (let slot = 0; slot < pages; slot++) await device.write(slot, 0, block);
  });
  for (const size of [16, 32, 64]) {
    await time(`write${size}`, async () => {
      for (let first = 0; first < pages; first += size) {
        const cluster = Array.from({ length: size }, (_, index) => ({
          slot: 100_000 * size + first + index,
          tag: 0,
          block,
        }));
        await device.writeCluster(cluster);
      }
    });
  }
  await time("read", async () => {
    for (let slot = 0; slot < pages; slot++) {
      if (device instanceof OpfsSwapDevice) device.read((slot * 7919) % pages, into);
      else await device.read((slot * 7919) % pages);
    }
  });
  await device.close();
  return figures;
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "no error";
  } catch (error) {
    return `${(error as { code?: unknown }).code}: ${(error as Error).message}`;
  }
}

/** Writes until OPFS says that it is full, then checks what it holds. */
async function fillOpfs(): Promise<Record<string, number>> {
  const device = await OpfsSwapDevice.open();
  const cluster = (first: number): SlotBlock[] =>
    Array.from({ length: 64 }, (_, index) => ({
      slot: first + index,
      tag: index,
      block: makeBlock(first + index, PAGE_SIZE),
    }));
  let count = 0;
  while (count < 1 << 16 && device.writeCluster(cluster(count))) count += 64;
  let good = 0;
  const into = new Uint8Array(PAGE_SIZE);
  for (let slot = 0; slot < count; slot++) {
    const expected = makeBlock(slot, PAGE_SIZE);
    if (device.read(slot, into) === PAGE_SIZE && into.every((byte, at) => byte === expected[at])) {
      good += 1;
    }
  }
  device.discard(3);
  device.discard(9);
  const hasRoomAgain = device.write(1 << 20, 1, makeBlock(1, PAGE_SIZE)) ? 1 : 0;
  const { pages } = device;
  device.close();
  await device.removed;
  return { count, good, pages, hasRoomAgain };
}

/**
 * Lets the browser roll a write back as it does when the quota is used up. The answer is put into
 * its mouth, since its tools limit the quota of OPFS but not that of IndexedDB.
 */
async function overQuotaIndexedDb(): Promise<unknown[]> {
  const device = await IndexedDbSwapDevice.open();
  const older = makeBlock(1, 500);
  await device.write(1, 7, older);
  const { put } = IDBObjectStore.prototype;
  const getError = Object.getOwnPropertyDescriptor(IDBTransaction.prototype, "error");
  IDBObjectStore.prototype.put = function (...args) {
    const request = put.apply(this, args);
    request.addEventListener("success", () => this.transaction.abort());
    return request;
  };
  Object.defineProperty(IDBTransaction.prototype, "error", {
    configurable: true,
    get: () => new DOMException("injected", "QuotaExceededError"),
  });
  const results: unknown[] = [];
  try {
    results.push(await device.write(1, 8, makeBlock(2, 600)));
    results.push(await device.write(2, 8, makeBlock(2, 600)));
  } finally {
    IDBObjectStore.prototype.put = put;
    if (getError) Object.defineProperty(IDBTransaction.prototype, "error", getError);
  }
  const got = await device.read(1);
  results.push(
    got?.tag,
    got?.block.length,
    got?.block.every((byte, at) => byte === older[at]),
  );
  results.push(await device.read(2), device.pages, await device.write(2, 8, makeBlock(2, 600)));
  await device.close();
  return results;
}

/** What a test asks for. */
export const commands = {
  opfsConformance: (): Promise<CaseResult[]> =>
    runCases(
      deviceCases({
        name: "opfs",
        pageSize: PAGE_SIZE,
        modelSteps: 3000,
        create: (options) => OpfsSwapDevice.open(options),
      }),
    ),
  indexedDbConformance: (): Promise<CaseResult[]> =>
    runCases(
      asyncDeviceCases({
        name: "indexeddb",
        pageSize: PAGE_SIZE,
        modelSteps: 600,
        create: (options) => IndexedDbSwapDevice.open(options),
      }),
    ),
  openOpfs: async (): Promise<string> => {
    const device = await OpfsSwapDevice.open();
    device.write(1, 1, makeBlock(1, 1000));
    open.push(device);
    return device.fileName;
  },
  openIndexedDb: async (): Promise<string> => {
    const device = await IndexedDbSwapDevice.open();
    await device.write(1, 1, makeBlock(1, 1000));
    open.push(device);
    return device.databaseName;
  },
  closeAll: async (): Promise<null> => {
    for (const device of open.splice(0)) {
      await device.close();
      if (device instanceof OpfsSwapDevice) await device.removed;
    }
    return null;
  },
  opfsFiles,
  databases,
  opfsError: (): Promise<string> => codeOf(() => OpfsSwapDevice.open()),
  badOptions: async (): Promise<string[]> => [
    await codeOf(() => OpfsSwapDevice.open({ pageSize: 5 })),
    await codeOf(() => OpfsSwapDevice.open({ maxBytes: 5 })),
    await codeOf(() => IndexedDbSwapDevice.open({ pages: 0 })),
  ],
  measureOpfs: () => measure("opfs"),
  measureIndexedDb: () => measure("indexeddb"),
  fillOpfs,
  overQuotaIndexedDb,
};

export type Command = keyof typeof commands;
