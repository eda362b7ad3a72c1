/**
 * A swap device on a file, for Node, Deno and Bun.
 *
 * What: positioned reads and writes on a sparse file of its own. The file is scratch: never synced,
 * never read by another process, gone with the device.
 *
 * Why so: the name is removed right after the file was made, so the operating system frees it
 * whenever and however the process ends. Where an open file can't be removed (Windows), or its
 * name is wanted, it keeps its name until close; what a killed process leaves, the next device in
 * the same directory sweeps away. The name carries host and process id for that: containers that
 * share a directory don't know each other's processes, so each sweeps what its own host has left.
 *
 * The default directory is the system's temporary one, which is often itself memory (tmpfs). A
 * page swapped out to memory saves nothing, so that gets a warning.
 */
import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { ZmemError } from "../errors.ts";
import { checkDeviceOptions } from "./arguments.ts";
import { BlockFileDevice, type BlockFileOptions, type RandomAccessFile } from "./block-file.ts";

/** How a file device is made. */
export interface FileSwapDeviceOptions extends BlockFileOptions {
  /** An existing directory on a disk; the system's temporary directory when left out. */
  readonly directory?: string;
  /**
   * Keeps the file's name until close or the end of the process, so that it can be seen; false
   * when left out. A process that is killed leaves it to the sweep.
   */
  readonly keepName?: boolean;
}

const HOST = hostname().replace(/[^0-9A-Za-z]+/g, "_");
const NAME = new RegExp(`^zmem-swap-${HOST}-(\\d+)-[0-9a-f-]{36}$`);

/** File systems in memory, by `statfs` type: tmpfs and ramfs. */
const MEMORY_FILE_SYSTEMS: ReadonlySet<number> = new Set([0x0102_1994, 0x8584_58f6]);

/** Errors of a write that say "no room": disk, quota, the limit on the size of a file. */
const FULL_CODES: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** A synchronous swap device on a file. */
export class FileSwapDevice extends BlockFileDevice {
  /** The directory of the file. */
  readonly directory: string;

  /**
   * Makes the file, after removing those of processes that no longer live.
   *
   * @throws RangeError or TypeError for bad options; ZmemError `ERR_ZMEM_DEVICE` when no file can
   *   be made in the directory
   */
  constructor(options: FileSwapDeviceOptions = {}) {
    checkDeviceOptions(options);
    const { directory = tmpdir(), keepName = false } = options;
    sweep(directory);
    const file = openSwapFile(directory, keepName);
    try {
      super(file, options);
    } catch (error) {
      file.close();
      throw error;
    }
    this.directory = directory;
    warnOfMemory(directory);
  }
}

/** Names of this process's files that still have theirs. */
const namedFiles = new Set<string>();
let isListening = false;

/** Makes a file. @throws ZmemError `ERR_ZMEM_DEVICE` when none can be made in the directory */
export function openSwapFile(directory: string, keepName: boolean): RandomAccessFile {
  const path = join(directory, `zmem-swap-${HOST}-${process.pid}-${crypto.randomUUID()}`);
  let descriptor: number;
  try {
    // wx: never a file, or a link to one, that is there already.
    descriptor = openSync(path, "wx+", 0o600);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new ZmemError("ERR_ZMEM_DEVICE", `no swap file can be made in ${directory}: ${what}`, {
      cause: error,
    });
  }
  const isNamed = keepName || !removeFile(path);
  if (isNamed) keepForExit(path);
  const file = toSwapFile(path, descriptor);
  const close = (): void => {
    file.close();
    if (isNamed && removeFile(path)) namedFiles.delete(path);
  };
  return { ...file, close };
}

/** The calls on an open file, which keeps its name. */
export function toSwapFile(path: string, descriptor: number): RandomAccessFile {
  return {
    name: path,
    read: (into, position) => readSync(descriptor, into, 0, into.length, position),
    write: (bytes, position) => writeSync(descriptor, bytes, 0, bytes.length, position),
    truncate: (size) => ftruncateSync(descriptor, size),
    isFull: (error) => FULL_CODES.has((error as { code?: unknown } | null)?.code),
    close: () => closeSync(descriptor),
  };
}

/** A process that ends without closing its devices removes their files on the way out. */
function keepForExit(path: string): void {
  if (!isListening) process.once("exit", removeNamedFiles);
  isListening = true;
  namedFiles.add(path);
}

function removeNamedFiles(): void {
  for (const path of namedFiles) removeFile(path);
}

/** @returns whether it is gone */
function removeFile(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === "ENOENT";
  }
}

/** Removes the files of this host's processes that no longer live. */
export function sweep(directory: string): void {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch {
    // Making the file says what is wrong with the directory.
    return;
  }
  for (const name of names) {
    const owner = NAME.exec(name)?.[1];
    if (owner !== undefined && isStale(join(directory, name), Number(owner))) {
      removeFile(join(directory, name));
    }
  }
}

/** Whether the process that made a file is gone. One that can't be told lives. */
function isStale(path: string, owner: number): boolean {
  if (owner !== process.pid) {
    try {
      process.kill(owner, 0);
      return false;
    } catch (error) {
      return (error as { code?: unknown }).code === "ESRCH";
    }
  }
  // In a container of a fixed host name every start has the same process id: ours are those made since we started.
  try {
    return !namedFiles.has(path) && statSync(path).ctimeMs < Date.now() - process.uptime() * 1000;
  } catch {
    return false;
  }
}

/** Warns of a directory that lies in memory itself. */
export function warnOfMemory(directory: string): void {
  let type: number;
  try {
    ({ type } = statfsSync(directory));
  } catch {
    return;
  }
  if (!MEMORY_FILE_SYSTEMS.has(type)) return;
  process.emitWarning(
    `the swap file lies in ${directory}, which is itself memory: pages swapped out to it free ` +
      "nothing. Give `directory` a folder on a disk.",
    { type: "ZmemWarning", code: "ZMEM_SWAP_IN_MEMORY" },
  );
}
