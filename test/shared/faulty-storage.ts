/**
 * Storage whose calls fail on demand or at random, in every way that the contract allows: full, and
 * a write that fails has left anything where it was to write.
 */
import type { SharedStorage } from "../../src/devices/storage.ts";

/** How calls go. */
export type StorageFault = "none" | "full" | "write" | "read";

export class FaultyStorage implements SharedStorage {
  readonly inner: SharedStorage;
  /** What happens to the next calls, or says so for each. */
  fault: StorageFault | ((verb: "read" | "write") => StorageFault) = "none";
  reads = 0;
  writes = 0;

  constructor(inner: SharedStorage) {
    this.inner = inner;
  }

  get byteLength(): number {
    return this.inner.byteLength;
  }

  get link(): unknown {
    return this.inner.link;
  }

  read(into: Uint8Array<ArrayBuffer>, position: number): void {
    this.reads += 1;
    if (this.#next("read") === "read") {
      into.fill(0xbd);
      throw new Error("the disk is on fire");
    }
    this.inner.read(into, position);
  }

  write(bytes: Uint8Array<ArrayBuffer>, position: number): boolean {
    this.writes += 1;
    const fault = this.#next("write");
    if (fault !== "full" && fault !== "write") return this.inner.write(bytes, position);
    // Half of it got there.
    this.inner.write(bytes.slice(0, bytes.length >> 1).fill(0xbd), position);
    if (fault === "full") return false;
    throw new Error("the disk is on fire");
  }

  close(): void {
    this.inner.close();
  }

  #next(verb: "read" | "write"): StorageFault {
    return typeof this.fault === "function" ? this.fault(verb) : this.fault;
  }
}
