/**
 * Reads the private memory of a process that waits, on Linux.
 *
 * What: the resident pages of its anonymous writable mappings, which is where the heaps of language
 * runtimes are; stacks and mapped files are left out.
 *
 * Why so: real heap pages hold pointers, headers, free lists and garbage that no generator would
 * think of. /proc gives them without a debugger: a process may read the memory of its child.
 *
 * Pages of zeros are left out: the kernel hands out memory in larger pieces than a program touches,
 * so how many there are says more about the kernel than about the program.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { concatenate, RUN_BYTES } from "./corpus.ts";

const PAGE_BYTES = 4096;
const MIN_RANGE_BYTES = 1 << 17;
const MAX_RANGE_BYTES = 2 ** 32;
const PRESENT_BYTE = 7;
const PRESENT_BIT = 0x80;
const PAGEMAP_ENTRY_BYTES = 8;

/**
 * @returns resident, non-zero pages; the pages of a run of 64 KiB are neighbours as far as they
 *   were resident
 */
export function readProcessMemory(pid: number): Uint8Array {
  const memory = openSync(`/proc/${pid}/mem`, "r");
  const pagemap = openSync(`/proc/${pid}/pagemap`, "r");
  const pieces: Uint8Array[] = [];
  try {
    for (const [start, end] of anonymousRanges(readFileSync(`/proc/${pid}/maps`, "utf8"))) {
      for (let at = start; at < end; at += RUN_BYTES) {
        const length = Math.min(RUN_BYTES, end - at);
        const entries = new Uint8Array((length / PAGE_BYTES) * PAGEMAP_ENTRY_BYTES);
        readSync(pagemap, entries, 0, entries.length, (at / PAGE_BYTES) * PAGEMAP_ENTRY_BYTES);
        if (!isResident(entries)) continue;
        const bytes = readRun(memory, at, length);
        if (bytes !== undefined) pieces.push(...nonZeroPages(bytes));
      }
    }
  } finally {
    closeSync(memory);
    closeSync(pagemap);
  }
  return concatenate(pieces);
}

/** @returns undefined for memory that has gone since its range was listed */
function readRun(memory: number, at: number, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  try {
    return readSync(memory, bytes, 0, length, at) === length ? bytes : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EIO") return undefined;
    throw error;
  }
}

function anonymousRanges(maps: string): [number, number][] {
  const ranges: [number, number][] = [];
  for (const line of maps.split("\n")) {
    const [range, permissions, , , inode, path] = line.split(/\s+/);
    if (range === undefined || !permissions?.startsWith("rw")) continue;
    if (inode !== "0" || (path !== undefined && path !== "" && path !== "[heap]")) continue;
    const [start = 0, end = 0] = range.split("-").map((text) => Number.parseInt(text, 16));
    const length = end - start;
    if (length >= MIN_RANGE_BYTES && length <= MAX_RANGE_BYTES) ranges.push([start, end]);
  }
  return ranges;
}

function isResident(entries: Uint8Array): boolean {
  for (let at = PRESENT_BYTE; at < entries.length; at += PAGEMAP_ENTRY_BYTES) {
    if (((entries[at] as number) & PRESENT_BIT) !== 0) return true;
  }
  return false;
}

function* nonZeroPages(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
    const words = new Uint32Array(bytes.buffer, at, PAGE_BYTES / 4);
    if (words.some((word) => word !== 0)) yield bytes.subarray(at, at + PAGE_BYTES);
  }
}
