/**
 * An asynchronous swap device in IndexedDB, for pages and workers of browsers without OPFS handles.
 *
 * What: a database of its own with one object store, the slot as key. A cluster is one transaction,
 * of relaxed durability: swap is scratch and need not reach the disk before it counts as written.
 *
 * Why so: a transaction costs several times what a put in it costs, so clusters pay here as well.
 * Transactions on one store run in the order in which they were made, and one that runs out of
 * quota is rolled back, so "all or none, and full changes nothing" comes with it. As in opfs.ts a
 * Web Lock per device tells databases in use from those that a closed tab has left.
 */
import { ZmemError } from "../errors.ts";
import { checkDeviceOptions, type DeviceOptions } from "./arguments.ts";
import { AsyncBlockDevice, type BlockStore, type StoreEntry } from "./async-blocks.ts";
import { holdLock, withLock, withLockIfFree, type HeldLock } from "./web-lock.ts";

const PREFIX = "zmem-swap ";
const STORE = "blocks";
const SWEEP_LOCK = "zmem-swap indexeddb sweep";
const lockName = (databaseName: string): string => `zmem-swap indexeddb ${databaseName}`;

/** An asynchronous swap device on an IndexedDB database. */
export class IndexedDbSwapDevice extends AsyncBlockDevice {
  /** Name of the database. */
  readonly databaseName: string;

  private constructor(store: DatabaseStore, options: DeviceOptions) {
    super(store, options);
    this.databaseName = store.name;
  }

  /**
   * Makes the database, after deleting those whose pages and workers no longer live.
   *
   * @throws RangeError or TypeError for bad options; ZmemError `ERR_ZMEM_UNSUPPORTED` where there
   *   is no IndexedDB or there are no Web Locks (a page that is not served securely),
   *   `ERR_ZMEM_DEVICE` when the browser refuses to make a database
   */
  static async open(options: DeviceOptions = {}): Promise<IndexedDbSwapDevice> {
    checkDeviceOptions(options);
    checkSupport();
    try {
      const store = await withLock(SWEEP_LOCK, async () => {
        await sweep();
        return DatabaseStore.create();
      });
      return new IndexedDbSwapDevice(store, options);
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw new ZmemError("ERR_ZMEM_DEVICE", `no swap database can be made: ${what}`, {
        cause: error,
      });
    }
  }
}

/** A database and its lock. */
class DatabaseStore implements BlockStore {
  readonly name: string;
  readonly #database: IDBDatabase;
  readonly #lock: HeldLock;

  private constructor(name: string, database: IDBDatabase, lock: HeldLock) {
    this.name = name;
    this.#database = database;
    this.#lock = lock;
  }

  static async create(): Promise<DatabaseStore> {
    const name = PREFIX + crypto.randomUUID();
    const lock = await holdLock(lockName(name));
    try {
      const request = indexedDB.open(name, 1);
      request.addEventListener("upgradeneeded", () => request.result.createObjectStore(STORE));
      return new DatabaseStore(name, await resultOf(request), lock);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  async put(entries: readonly StoreEntry[]): Promise<boolean> {
    try {
      await this.#write((store) => {
        for (const { slot, value } of entries) store.put(value, slot);
      });
      return true;
    } catch (error) {
      if ((error as { name?: unknown } | null)?.name === "QuotaExceededError") return false;
      throw error;
    }
  }

  async get(slot: number): Promise<Uint8Array | null> {
    const transaction = this.#database.transaction(STORE, "readonly");
    const value: unknown = await resultOf(transaction.objectStore(STORE).get(slot));
    if (value === undefined) return null;
    if (!(value instanceof Uint8Array)) throw new Error("the database holds something else");
    return value;
  }

  async delete(slots: readonly number[]): Promise<void> {
    await this.#write((store) => {
      for (const slot of slots) store.delete(slot);
    });
  }

  async close(): Promise<void> {
    this.#database.close();
    try {
      await resultOf(indexedDB.deleteDatabase(this.name));
    } finally {
      this.#lock.release();
    }
  }

  /** Resolves when the transaction is complete; rejects when it was rolled back. */
  #write(work: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = this.#database.transaction(STORE, "readwrite", { durability: "relaxed" });
    return new Promise((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve());
      transaction.addEventListener("abort", () =>
        reject(transaction.error ?? new Error("the transaction was rolled back")),
      );
      try {
        work(transaction.objectStore(STORE));
      } catch (error) {
        transaction.abort();
        reject(error as Error);
      }
    });
  }
}

function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error as Error));
  });
}

/** Deletes the databases whose devices no longer live. */
async function sweep(): Promise<void> {
  // Older Firefox can't list databases; there they stay until the site's data is cleared.
  if (typeof indexedDB.databases !== "function") return;
  for (const { name } of await indexedDB.databases()) {
    if (name === undefined || !name.startsWith(PREFIX)) continue;
    await withLockIfFree(lockName(name), () =>
      resultOf(indexedDB.deleteDatabase(name)).catch(() => undefined),
    );
  }
}

function checkSupport(): void {
  const scope = globalThis as { indexedDB?: unknown; navigator?: { locks?: unknown } };
  let missing: string | null = null;
  if (!scope.indexedDB) missing = "this engine has no IndexedDB";
  else if (scope.navigator?.locks === undefined) missing = "this engine has no Web Locks here";
  if (missing !== null) {
    throw new ZmemError("ERR_ZMEM_UNSUPPORTED", `IndexedDB swap device: ${missing}`);
  }
}
