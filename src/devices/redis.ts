/**
 * An asynchronous swap device in Redis or Valkey, for when one machine's memory and disk are not
 * enough. The client is the caller's: connected, and closed by whoever connected it.
 *
 * What: one hash per device, the slot as field, the block as value. A cluster is one HSET, and with
 * it one PEXPIRE in the same transaction.
 *
 * Why so: an HSET stores all of its fields or, when the server is out of memory, none, which
 * separate keys would not. One key also takes one expiry: it is the leak guard, renewed by every
 * write and by a timer, so a process that was killed leaves nothing for longer than `ttlMs`, and
 * renewing costs one command however many pages there are. Small values in a hash cost the server
 * about half the overhead of keys of their own. In a cluster the whole hash lies on the node that
 * the key's hash tag chooses, so areas with a device each spread over the nodes, and one device
 * never needs two. Calls made in one tick share a round trip: the client pipelines them.
 *
 * A server that evicts (any `maxmemory-policy` but noeviction) loses pages; that is noticed and
 * reported by the read, but it can't be undone.
 */
import { describe, ZmemError } from "../errors.ts";
import { checkDeviceOptions, type DeviceOptions } from "./arguments.ts";
import { AsyncBlockDevice, type BlockStore, type StoreEntry } from "./async-blocks.ts";

/** What of a client of @redis/client is used; its clients, pools and clusters all have it. */
export interface RedisClientLike {
  /** A view on the client that gives strings of bytes (type 36, "$") as Buffers. */
  withTypeMapping(mapping: { readonly 36: BufferConstructor }): RedisHashCommands;
}

/** The commands used. */
export interface RedisHashCommands {
  hGet(key: string, field: string): Promise<unknown>;
  hDel(key: string, fields: string[]): Promise<unknown>;
  pExpire(key: string, ms: number): Promise<unknown>;
  unlink(key: string): Promise<unknown>;
  multi(): RedisTransaction;
}

/** The start of a transaction. */
export interface RedisTransaction {
  hSet(
    key: string,
    fieldsAndValues: (string | Buffer)[],
  ): {
    pExpire(key: string, ms: number): { exec(): Promise<unknown> };
  };
}

/** How a Redis device is made. */
export interface RedisSwapDeviceOptions extends DeviceOptions {
  /** A connected client of @redis/client, or a cluster. */
  readonly client: RedisClientLike;
  /** The device's key begins with this; "zmem" when left out. */
  readonly keyPrefix?: string;
  /**
   * After so many milliseconds without a sign of life the server forgets the device's blocks; a
   * quarter of an hour when left out, at least a second. A live device renews it three times as
   * often, so the process may stand still for two thirds of it.
   */
  readonly ttlMs?: number;
}

const DEFAULT_TTL_MS = 15 * 60_000;
const MIN_TTL_MS = 1000;
const RENEWALS_PER_TTL = 3;

/** What a server says that is out of memory, to the command or to the transaction around it. */
const FULL = /^OOM |EXECABORT/;

/** An asynchronous swap device on a Redis hash. */
export class RedisSwapDevice extends AsyncBlockDevice {
  /** The key of the hash. */
  readonly key: string;

  /** @throws RangeError or TypeError for bad options */
  constructor(options: RedisSwapDeviceOptions) {
    const store = new HashStore(options);
    super(store, options);
    this.key = store.name;
  }
}

class HashStore implements BlockStore {
  readonly name: string;
  readonly #commands: RedisHashCommands;
  readonly #ttlMs: number;
  readonly #renewal: NodeJS.Timeout;

  constructor(options: RedisSwapDeviceOptions) {
    checkDeviceOptions(options);
    const { client, keyPrefix = "zmem", ttlMs = DEFAULT_TTL_MS } = options;
    if (typeof (client as Partial<RedisClientLike> | undefined)?.withTypeMapping !== "function") {
      throw new TypeError(`client: expected one of @redis/client, got ${describe(client)}`);
    }
    if (typeof keyPrefix !== "string" || /[{}]/.test(keyPrefix)) {
      throw new TypeError(
        `keyPrefix: expected a string without braces, got ${describe(keyPrefix)}`,
      );
    }
    if (!Number.isSafeInteger(ttlMs) || ttlMs < MIN_TTL_MS) {
      throw new RangeError(`ttlMs: expected an integer from ${MIN_TTL_MS}, got ${describe(ttlMs)}`);
    }
    // The braces make a hash tag: in a cluster they alone say which node it is.
    this.name = `${keyPrefix}:swap:{${crypto.randomUUID()}}`;
    this.#commands = client.withTypeMapping({ 36: Buffer });
    this.#ttlMs = ttlMs;
    // Timers take no longer interval than 2^31 - 1.
    const interval = Math.min(ttlMs / RENEWALS_PER_TTL, 2 ** 31 - 1);
    this.#renewal = setInterval(() => void this.#renew(), interval);
    this.#renewal.unref();
  }

  async put(entries: readonly StoreEntry[]): Promise<boolean> {
    const fields: (string | Buffer)[] = [];
    for (const { slot, value } of entries) fields.push(String(slot), Buffer.from(value.buffer));
    try {
      await this.#commands.multi().hSet(this.name, fields).pExpire(this.name, this.#ttlMs).exec();
      return true;
    } catch (error) {
      if (error instanceof Error && FULL.test(error.message)) return false;
      throw error;
    }
  }

  async get(slot: number): Promise<Uint8Array | null> {
    const value = await this.#commands.hGet(this.name, String(slot));
    if (value === null || value === undefined) return null;
    if (!(value instanceof Uint8Array)) {
      throw new ZmemError("ERR_ZMEM_DEVICE", `expected bytes from Redis, got ${describe(value)}`);
    }
    return value;
  }

  async delete(slots: readonly number[]): Promise<void> {
    await this.#commands.hDel(this.name, slots.map(String));
  }

  async close(): Promise<void> {
    clearInterval(this.#renewal);
    // Not DEL: the server frees a large hash beside its other work.
    await this.#commands.unlink(this.name);
  }

  /** A renewal that fails is followed by another; blocks that expired are reported by their read. */
  async #renew(): Promise<void> {
    await this.#commands.pExpire(this.name, this.#ttlMs).catch(() => undefined);
  }
}
