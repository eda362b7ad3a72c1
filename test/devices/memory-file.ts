/**
 * A file in memory that fails on demand: short reads and writes, a full disk, errors of the medium.
 *
 * Why so: a real disk fails too seldom for a test. The file keeps to the interface that the file
 * and OPFS devices put their own under, so everything above it is the real thing.
 */
import type { RandomAccessFile } from "../../src/devices/block-file.ts";

/** What the next calls do; all false is a file that works. */
export interface FileFaults {
  /** Reads and writes move no more than so many bytes at a time. */
  mostBytes?: number;
  /** Bytes of disk there are: writing behind them fails as on a full disk. */
  diskBytes?: number;
  /** Writes answer 0, as OPFS may when there is no room. */
  movesNothing?: boolean;
  /** Throws when it wants a read to fail. */
  beforeRead?(): void;
  /** Throws when it wants a write to fail. */
  beforeWrite?(): void;
}

/** What such a file throws. */
export class FaultError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(`${code}: injected`);
    this.code = code;
  }
}

/** A file in memory. */
export class MemoryFile implements RandomAccessFile {
  readonly name = "in memory";
  readonly faults: FileFaults;
  /** Calls of `write` that moved something. */
  writes = 0;
  reads = 0;
  isClosed = false;
  #bytes = new Uint8Array(0);
  #length = 0;

  constructor(faults: FileFaults = {}) {
    this.faults = faults;
  }

  get length(): number {
    return this.#length;
  }

  read(into: Uint8Array, position: number): number {
    this.faults.beforeRead?.();
    this.reads += 1;
    const { mostBytes = Infinity } = this.faults;
    const count = Math.max(0, Math.min(into.length, this.#length - position, mostBytes));
    into.set(this.#bytes.subarray(position, position + count));
    return count;
  }

  write(bytes: Uint8Array, position: number): number {
    this.faults.beforeWrite?.();
    const { mostBytes = Infinity, diskBytes = Infinity } = this.faults;
    if (this.faults.movesNothing === true) return 0;
    const count = Math.min(bytes.length, mostBytes, diskBytes - position);
    if (count <= 0) throw new FaultError("ENOSPC");
    this.writes += 1;
    if (position + count > this.#bytes.length) {
      const larger = new Uint8Array((position + count) * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(0, count), position);
    this.#length = Math.max(this.#length, position + count);
    return count;
  }

  truncate(size: number): void {
    this.#bytes.fill(0, size);
    this.#length = Math.min(this.#length, size);
  }

  isFull(error: unknown): boolean {
    return error instanceof FaultError && error.code === "ENOSPC";
  }

  close(): void {
    this.isClosed = true;
  }
}
