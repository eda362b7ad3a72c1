/**
 * Storage in memory that threads share, for tests and for programs without a disk.
 *
 * Why so: the engine backs a SharedArrayBuffer with memory when it is written, so the addresses
 * that a device needs to spare cost nothing.
 */
import { describe, ZmemError } from "../errors.ts";
import type { SharedStorage } from "./storage.ts";

/** What another thread opens the storage with. */
export interface MemoryStorageLink {
  readonly buffer: SharedArrayBuffer;
}

export class MemoryStorage implements SharedStorage {
  readonly byteLength: number;
  readonly #buffer: SharedArrayBuffer;
  #bytes: Uint8Array<SharedArrayBuffer>;

  private constructor(buffer: SharedArrayBuffer) {
    this.#buffer = buffer;
    this.#bytes = new Uint8Array(buffer);
    this.byteLength = buffer.byteLength;
  }

  /**
   * Makes the storage.
   *
   * @param byteLength half of it is sure to be of use
   * @throws RangeError for a length that can't be, or that the engine refuses
   */
  static create(byteLength: number): MemoryStorage {
    if (!Number.isSafeInteger(byteLength) || byteLength < 1) {
      throw new RangeError(`byteLength: expected an integer from 1, got ${describe(byteLength)}`);
    }
    return new MemoryStorage(new SharedArrayBuffer(byteLength));
  }

  /** Opens the storage that another thread has made. @throws TypeError unless it is a link */
  static open(link: MemoryStorageLink): MemoryStorage {
    if (!(link?.buffer instanceof SharedArrayBuffer)) {
      throw new TypeError("link: expected that of a MemoryStorage");
    }
    return new MemoryStorage(link.buffer);
  }

  get link(): MemoryStorageLink {
    return { buffer: this.#buffer };
  }

  read(into: Uint8Array<ArrayBuffer>, position: number): void {
    this.#check();
    const bytes = this.#bytes.subarray(position, position + into.length);
    if (bytes.length < into.length) {
      throw new ZmemError(
        "ERR_ZMEM_DEVICE",
        `a read came short: ${into.length} bytes at ${position} of ${this.byteLength}`,
      );
    }
    into.set(bytes);
  }

  write(bytes: Uint8Array<ArrayBuffer>, position: number): boolean {
    this.#check();
    if (position + bytes.length > this.byteLength) return false;
    this.#bytes.set(bytes, position);
    return true;
  }

  close(): void {
    this.#bytes = new Uint8Array(new SharedArrayBuffer(0));
  }

  #check(): void {
    if (this.#bytes.length > 0) return;
    throw new ZmemError("ERR_ZMEM_CLOSED", "the storage is closed");
  }
}
