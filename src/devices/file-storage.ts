/**
 * Storage on a file that threads share, for Node, Deno and Bun.
 *
 * What: positioned reads and writes on the sparse file of file.ts, opened by each thread.
 *
 * Why so: the file keeps its name for as long as its maker's handle, so that others can open it. One
 * file descriptor would serve all threads of a process as well, but once it was closed its number
 * might mean another file. What a killed process leaves, the next file in the directory removes.
 */
import { openSync } from "node:fs";
import { tmpdir } from "node:os";
import { ZmemError } from "../errors.ts";
import type { RandomAccessFile } from "./block-file.ts";
import { openSwapFile, sweep, toSwapFile, warnOfMemory } from "./file.ts";
import type { SharedStorage } from "./storage.ts";

/** How the file is made. */
export interface FileStorageOptions {
  /** An existing directory on a disk; the system's temporary directory when left out. */
  readonly directory?: string;
  /** The file never gets longer than this; half of it is sure to be of use. No limit when left out. */
  readonly maxBytes?: number;
}

/** What another thread opens the storage with. */
export interface FileStorageLink {
  readonly path: string;
  readonly maxBytes: number;
}

export class FileStorage implements SharedStorage {
  readonly byteLength: number;
  readonly #file: RandomAccessFile;
  #isOpen = true;

  private constructor(file: RandomAccessFile, maxBytes: number) {
    this.#file = file;
    this.byteLength = maxBytes;
  }

  /**
   * Makes the file.
   *
   * @throws RangeError for a `maxBytes` that can't be; ZmemError `ERR_ZMEM_DEVICE` when no file can
   *   be made in the directory
   */
  static create(options: FileStorageOptions = {}): FileStorage {
    const { directory = tmpdir(), maxBytes = Infinity } = options;
    if (typeof maxBytes !== "number" || !(maxBytes >= 1)) {
      throw new RangeError(`maxBytes: expected 1 or more, got ${maxBytes}`);
    }
    sweep(directory);
    const storage = new FileStorage(openSwapFile(directory, true), maxBytes);
    warnOfMemory(directory);
    return storage;
  }

  /** Opens the file that another thread has made. @throws ZmemError `ERR_ZMEM_DEVICE` */
  static open({ path, maxBytes }: FileStorageLink): FileStorage {
    let descriptor;
    try {
      descriptor = openSync(path, "r+");
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw new ZmemError("ERR_ZMEM_DEVICE", `the swap file can't be opened: ${what}`, {
        cause: error,
      });
    }
    return new FileStorage(toSwapFile(path, descriptor), maxBytes);
  }

  get link(): FileStorageLink {
    return { path: this.#file.name, maxBytes: this.byteLength };
  }

  read(into: Uint8Array<ArrayBuffer>, position: number): void {
    this.#check();
    let done = 0;
    while (done < into.length) {
      const read = this.#file.read(into.subarray(done), position + done);
      if (read === 0) {
        throw new ZmemError("ERR_ZMEM_DEVICE", `${this.#file.name}: a read came short`);
      }
      done += read;
    }
  }

  write(bytes: Uint8Array<ArrayBuffer>, position: number): boolean {
    this.#check();
    if (position + bytes.length > this.byteLength) return false;
    try {
      let done = 0;
      while (done < bytes.length) {
        const written = this.#file.write(bytes.subarray(done), position + done);
        if (written === 0) return false;
        done += written;
      }
      return true;
    } catch (error) {
      if (this.#file.isFull(error)) return false;
      throw error;
    }
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#file.close();
  }

  #check(): void {
    if (!this.#isOpen) throw new ZmemError("ERR_ZMEM_CLOSED", "the storage is closed");
  }
}
