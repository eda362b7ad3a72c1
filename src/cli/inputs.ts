/**
 * What `zmem estimate` reads: files, folders, streams, and bytes already in memory.
 *
 * What: an input is either *sized* (any place of it can be read) or a *stream* (read once, front to
 * back, its size known at the end). Opening one checks all that can be checked before reading.
 *
 * Why so: only a sized input can be sampled without reading all of it. A folder is one sized input
 * in which its files lie end to end, as in an archive: padding each small file to a page would
 * invent zeros that compress wonderfully. A regular file of size 0 is read as a stream, because the
 * files of /proc say 0 and mean "unknown".
 *
 * Invariants: links are followed only where the user named them, so a folder can't lead outside
 * itself or in circles. What could not be read is reported as missing, never made up.
 */
import { constants, type Dirent, fstatSync, openSync } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { type Readable } from "node:stream";

/** A part of a read that gave no bytes: from `start` up to, not including, `end`. */
export interface Gap {
  readonly start: number;
  readonly end: number;
}

/** An input of known size. */
export interface SizedInput {
  readonly kind: "sized";
  readonly label: string;
  readonly bytes: number;
  /**
   * Reads the bytes from `position` on into all of `target`.
   *
   * @returns the parts of `target` that could not be read; they are zero
   */
  read(position: number, target: Uint8Array): Promise<readonly Gap[]>;
  close(): Promise<void>;
}

/** An input that is read once, front to back. */
export interface StreamInput {
  readonly kind: "stream";
  readonly label: string;
  readonly stream: Readable;
  close(): Promise<void>;
}

export type Input = SizedInput | StreamInput;

/** What went wrong with an input, in a sentence that names it. */
export class InputError extends Error {}

/** Takes sentences about what went wrong while an input was read; the run goes on. */
export type Complain = (sentence: string) => void;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file or folder",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EISDIR: "is a folder",
  ENOTDIR: "a part of the path is not a folder",
  ELOOP: "too many links",
  EIO: "input/output error",
  EMFILE: "too many open files",
};

/** A system error as a sentence. */
export function explain(path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return `${path}: ${REASONS[code] ?? (error as Error).message}`;
}

/** Reads until `target` is full or the file ends. @returns the bytes read */
async function readFully(
  handle: FileHandle,
  position: number,
  target: Uint8Array,
): Promise<number> {
  let done = 0;
  while (done < target.length) {
    const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** One file of a sized input, and where in it it lies. */
interface Part {
  readonly path: string;
  readonly start: number;
  readonly bytes: number;
}

/** A sized input over files that lie end to end. A file is opened when it is first needed. */
function joinFiles(label: string, parts: readonly Part[], complain: Complain): SizedInput {
  const last = parts.at(-1);
  const bytes = last === undefined ? 0 : last.start + last.bytes;
  let currentPath: string | null = null;
  let handle: FileHandle | null = null;
  const broken = new Set<string>();

  async function close(): Promise<void> {
    await handle?.close();
    handle = null;
    currentPath = null;
  }

  async function readPart(part: Part, position: number, target: Uint8Array): Promise<number> {
    try {
      if (currentPath !== part.path) {
        await close();
        handle = await open(part.path, "r");
        currentPath = part.path;
      }
      const done = handle === null ? 0 : await readFully(handle, position, target);
      if (done < target.length && !broken.has(part.path)) {
        broken.add(part.path);
        complain(
          `${part.path}: shrank while it was read: expected ${part.bytes} bytes, ` +
            `got ${position + done}`,
        );
      }
      return done;
    } catch (error) {
      if (!broken.has(part.path)) complain(explain(part.path, error));
      broken.add(part.path);
      return 0;
    }
  }

  /** The first part that reaches beyond `position`. */
  function findPart(position: number): number {
    let low = 0;
    let high = parts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const part = parts[middle];
      if (part !== undefined && part.start + part.bytes > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  return {
    kind: "sized",
    label,
    bytes,
    close,
    async read(position, target) {
      const gaps: Gap[] = [];
      let done = 0;
      for (let index = findPart(position); done < target.length; index++) {
        const part = parts[index];
        if (part === undefined) throw new RangeError(`read beyond the end of ${label}`);
        const from = position + done - part.start;
        const want = Math.min(target.length - done, part.bytes - from);
        const got = await readPart(part, from, target.subarray(done, done + want));
        if (got < want) {
          target.fill(0, done + got, done + want);
          gaps.push({ start: done + got, end: done + want });
        }
        done += want;
      }
      return gaps;
    },
  };
}

/** All regular files below a folder, by name, so that the order is the same everywhere. */
async function* walk(folder: string, complain: Complain): AsyncGenerator<string> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    complain(explain(folder, error));
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path, complain);
    else if (entry.isFile()) yield path;
  }
}

/** Which files of a folder to take. */
export interface FolderOptions {
  /** Takes only paths for which it says true. */
  readonly accept?: (path: string) => boolean;
  /** Takes no further file when this many bytes are reached. */
  readonly maxBytes?: number;
}

/** The files below a folder as one input. Files that can't be read are complained about. */
export async function openFolders(
  label: string,
  folders: readonly string[],
  complain: Complain,
  { accept = () => true, maxBytes = Infinity }: FolderOptions = {},
): Promise<SizedInput> {
  const parts: Part[] = [];
  let start = 0;
  for (const folder of folders) {
    for await (const path of walk(folder, complain)) {
      if (start >= maxBytes) break;
      if (!accept(path)) continue;
      try {
        const { size } = await stat(path);
        if (size > 0) parts.push({ path, start, bytes: size });
        start += size;
      } catch (error) {
        complain(explain(path, error));
      }
    }
  }
  return joinFiles(label, parts, complain);
}

/** Bytes in memory as an input; its chunks lie end to end. */
export function openBytes(label: string, bytes: Uint8Array): SizedInput {
  return {
    kind: "sized",
    label,
    bytes: bytes.length,
    async read(position, target) {
      target.set(bytes.subarray(position, position + target.length));
      return [];
    },
    async close() {},
  };
}

/** A stream as an input. */
export function openStream(label: string, stream: Readable): StreamInput {
  return {
    kind: "stream",
    label,
    stream,
    async close() {
      stream.destroy();
    },
  };
}

/**
 * A FIFO as a stream that waits for its writer in the event loop. An `open` that waits does so in a
 * thread, which no interrupt ends: the process could not even exit.
 */
function openFifo(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}

/**
 * Opens what the user named.
 *
 * @throws InputError when it does not exist, can't be read, or is a folder and `recursive` is false
 */
export async function openPath(
  path: string,
  recursive: boolean,
  complain: Complain,
): Promise<Input> {
  if (path === "-") {
    // Node takes a folder for an input without bytes.
    if (fstatSync(0).isDirectory()) throw new InputError("-: standard input is a folder");
    return openStream("-", process.stdin);
  }
  let handle: FileHandle | null = null;
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      if (!recursive) {
        throw new InputError(`${path}: is a folder; give -r to read the files below it`);
      }
      // A named folder that can't be listed is an error of its own, not an empty input.
      await readdir(path);
      return await openFolders(path, [path], complain);
    }
    if (found.isFIFO()) return openStream(path, openFifo(path));
    handle = await open(path, "r");
    if (found.isFile() && found.size > 0) {
      await handle.close();
      return joinFiles(path, [{ path, start: 0, bytes: found.size }], complain);
    }
    return openStream(path, handle.createReadStream());
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(explain(path, error), { cause: error });
  }
}
