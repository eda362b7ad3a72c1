/** A store of values in memory, with moments of waiting and faults: what async-blocks.ts sits on. */
import type { BlockStore, StoreEntry } from "../../src/devices/async-blocks.ts";

/** A store in memory whose calls take some turns of the event loop. */
export class MemoryStore implements BlockStore {
  readonly name = "store in memory";
  readonly values = new Map<number, Uint8Array>();
  /** Each of these is called before its verb does anything, and may throw or wait. */
  beforePut: () => void | Promise<void> = () => undefined;
  beforeGet: () => void | Promise<void> = () => undefined;
  beforeDelete: () => void | Promise<void> = () => undefined;
  isFull = false;
  isClosed = false;

  async put(entries: readonly StoreEntry[]): Promise<boolean> {
    await this.beforePut();
    if (this.isFull) return false;
    for (const { slot, value } of entries) this.values.set(slot, value);
    return true;
  }

  async get(slot: number): Promise<Uint8Array | null> {
    await this.beforeGet();
    return this.values.get(slot)?.slice() ?? null;
  }

  async delete(slots: readonly number[]): Promise<void> {
    await this.beforeDelete();
    for (const slot of slots) this.values.delete(slot);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.values.clear();
  }
}
