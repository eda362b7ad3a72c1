/**
 * A swap device on a file in the browser's origin private file system, for dedicated workers.
 *
 * What: positioned reads and writes through a synchronous access handle, on a file with a random
 * name in the folder `zmem-swap`.
 *
 * Why so: OPFS is the only storage of a browser that can be read synchronously, and its handles
 * exist in dedicated workers only. Each device holds a Web Lock named like its file as long as it
 * lives; the browser releases it however the worker ends. So a file whose lock is free is one that
 * nobody will remove any more, and the next device to open removes it.
 *
 * The file is scratch: it is never flushed, and a browser that is short of room may say so by an
 * error, which is "full", not a failure.
 */
import { ZmemError } from "../errors.ts";
import { checkDeviceOptions } from "./arguments.ts";
import { BlockFileDevice, type BlockFileOptions, type RandomAccessFile } from "./block-file.ts";
import { holdLock, withLock, withLockIfFree, type HeldLock } from "./web-lock.ts";

const FOLDER = "zmem-swap";
/** Held while a device sweeps and makes its file: no sweep sees a file whose lock is not held yet. */
const SWEEP_LOCK = "zmem-swap sweep";
const lockName = (fileName: string): string => `zmem-swap opfs ${fileName}`;

/** The parts of OPFS that TypeScript's libraries split between page and worker. */
interface SwapFolder {
  keys(): AsyncIterable<string>;
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileSystemFileHandle>;
  removeEntry(name: string): Promise<void>;
}

/** A synchronous swap device on an OPFS file. */
export class OpfsSwapDevice extends BlockFileDevice {
  /** Name of the file in the folder `zmem-swap`. */
  readonly fileName: string;
  /** Resolves after close, when the file is gone or could not be removed; it never rejects. */
  readonly removed: Promise<void>;

  private constructor(file: OpfsFile, options: BlockFileOptions) {
    super(file, options);
    this.fileName = file.name;
    this.removed = file.removed;
  }

  /**
   * Makes the file, after removing those whose workers no longer live.
   *
   * @throws RangeError or TypeError for bad options; ZmemError `ERR_ZMEM_UNSUPPORTED` outside of a
   *   dedicated worker or where the browser has no OPFS (private windows of some),
   *   `ERR_ZMEM_DEVICE` when it refuses to make a file
   */
  static async open(options: BlockFileOptions = {}): Promise<OpfsSwapDevice> {
    checkDeviceOptions(options);
    checkSupport();
    let file: OpfsFile;
    try {
      const root = await navigator.storage.getDirectory();
      const folder = await root.getDirectoryHandle(FOLDER, { create: true });
      file = await withLock(SWEEP_LOCK, async () => {
        await sweep(folder as unknown as SwapFolder);
        return OpfsFile.create(folder as unknown as SwapFolder);
      });
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error);
      throw new ZmemError("ERR_ZMEM_DEVICE", `no swap file can be made in OPFS: ${what}`, {
        cause: error,
      });
    }
    try {
      return new OpfsSwapDevice(file, options);
    } catch (error) {
      file.close();
      await file.removed;
      throw error;
    }
  }
}

/** A file, its handle and its lock. */
class OpfsFile implements RandomAccessFile {
  readonly name: string;
  readonly removed: Promise<void>;
  readonly #folder: SwapFolder;
  readonly #handle: FileSystemSyncAccessHandle;
  readonly #lock: HeldLock;
  #resolveRemoved: () => void = () => undefined;

  private constructor(
    name: string,
    folder: SwapFolder,
    handle: FileSystemSyncAccessHandle,
    lock: HeldLock,
  ) {
    this.name = name;
    this.#folder = folder;
    this.#handle = handle;
    this.#lock = lock;
    this.removed = new Promise((resolve) => {
      this.#resolveRemoved = resolve;
    });
  }

  static async create(folder: SwapFolder): Promise<OpfsFile> {
    const name = crypto.randomUUID();
    const lock = await holdLock(lockName(name));
    try {
      const entry = await folder.getFileHandle(name, { create: true });
      const handle = await entry.createSyncAccessHandle();
      return new OpfsFile(name, folder, handle, lock);
    } catch (error) {
      await folder.removeEntry(name).catch(() => undefined);
      lock.release();
      throw error;
    }
  }

  read(into: Uint8Array<ArrayBuffer>, position: number): number {
    return this.#handle.read(into, { at: position });
  }

  write(bytes: Uint8Array<ArrayBuffer>, position: number): number {
    return this.#handle.write(bytes, { at: position });
  }

  truncate(size: number): void {
    this.#handle.truncate(size);
  }

  isFull(error: unknown): boolean {
    return (error as { name?: unknown } | null)?.name === "QuotaExceededError";
  }

  close(): void {
    try {
      this.#handle.close();
    } finally {
      void this.#remove();
    }
  }

  async #remove(): Promise<void> {
    // What can't be removed now is swept by the next device.
    await this.#folder.removeEntry(this.name).catch(() => undefined);
    this.#lock.release();
    this.#resolveRemoved();
  }
}

/** Removes the files whose devices no longer live. */
async function sweep(folder: SwapFolder): Promise<void> {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  for (const name of names) {
    await withLockIfFree(lockName(name), () => folder.removeEntry(name).catch(() => undefined));
  }
}

function checkSupport(): void {
  const scope = globalThis as {
    FileSystemFileHandle?: { prototype: object };
    navigator?: { storage?: { getDirectory?: unknown }; locks?: unknown };
    document?: unknown;
  };
  let missing: string | null = null;
  if (typeof scope.navigator?.storage?.getDirectory !== "function") {
    missing = "this engine has no origin private file system (here or in a private window)";
  } else if (!("createSyncAccessHandle" in (scope.FileSystemFileHandle?.prototype ?? {}))) {
    missing = "its synchronous handles exist in dedicated workers only, and this is none";
  } else if (scope.navigator.locks === undefined) {
    missing = "this engine has no Web Locks";
  }
  if (missing !== null) throw new ZmemError("ERR_ZMEM_UNSUPPORTED", `OPFS swap device: ${missing}`);
}
