/**
 * The pages of this process's own memory: what a compressed store in a program would really get.
 *
 * What: on Linux a copy of the resident pages of all private writable ranges without a file behind
 * them: the JavaScript heap, malloc's heap, thread stacks. Elsewhere null.
 *
 * Why so: /proc/self/maps lists the ranges, /proc/self/pagemap says which of their pages exist at
 * all (a page never touched reads as zeros and would flatter every compressor), /proc/self/mem
 * gives the bytes; all three are open to the process itself without special rights. All is copied
 * before any pool exists, or the pool's own memory would be part of the input. A page may change
 * while it is copied: the copy is what counts.
 *
 * Source: proc_pid_maps(5), proc_pid_pagemap(5), proc_pid_mem(5).
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

/** The kernel's page on x86-64 and on most others; reads of pagemap assume it. */
const SYSTEM_PAGE_SIZE = 4096;
const PAGEMAP_ENTRY_SIZE = 8;
/** In the highest byte of a pagemap entry: bit 63 present, bit 62 swapped out. */
const RESIDENT_MASK = 0xc0;

interface Range {
  readonly start: number;
  readonly end: number;
}

/** The private writable ranges without a file in the text of /proc/self/maps. */
export function mapsToAnonymousRanges(maps: string): Range[] {
  const ranges: Range[] = [];
  for (const line of maps.split("\n")) {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw.p [0-9a-f]+ \S+ (\d+)\s*(.*)$/.exec(line);
    if (match === null) continue;
    const [, start = "", end = "", inode, name = ""] = match;
    const isAnonymous = inode === "0" && (name === "" || /^\[(heap|anon:.*)\]$/.test(name));
    if (isAnonymous) ranges.push({ start: parseInt(start, 16), end: parseInt(end, 16) });
  }
  return ranges;
}

/** The parts of a range whose pages exist. */
function residentParts(pagemap: number, range: Range): Range[] {
  const pages = (range.end - range.start) / SYSTEM_PAGE_SIZE;
  const entries = Buffer.alloc(pages * PAGEMAP_ENTRY_SIZE);
  const position = (range.start / SYSTEM_PAGE_SIZE) * PAGEMAP_ENTRY_SIZE;
  const got = readSync(pagemap, entries, 0, entries.length, position);
  const parts: Range[] = [];
  let start = -1;
  for (let page = 0; page <= pages; page++) {
    const highest = page * PAGEMAP_ENTRY_SIZE + 7;
    const isResident = highest < got && ((entries[highest] ?? 0) & RESIDENT_MASK) !== 0;
    if (isResident && start < 0) start = page;
    if (!isResident && start >= 0) {
      parts.push({
        start: range.start + start * SYSTEM_PAGE_SIZE,
        end: range.start + page * SYSTEM_PAGE_SIZE,
      });
      start = -1;
    }
  }
  return parts;
}

/**
 * Copies the live pages of this process.
 *
 * @param maxBytes takes no more than this, from the lowest address on
 * @returns whole pages end to end; null where the system does not show them
 */
export function copyHeapPages(maxBytes: number): Uint8Array | null {
  if (process.platform !== "linux") return null;
  let memory = -1;
  let pagemap = -1;
  try {
    memory = openSync("/proc/self/mem", "r");
    pagemap = openSync("/proc/self/pagemap", "r");
    const ranges = mapsToAnonymousRanges(readFileSync("/proc/self/maps", "latin1"));
    const parts = ranges.flatMap((range) => residentParts(pagemap, range));
    const total = parts.reduce((sum, part) => sum + part.end - part.start, 0);
    const copy = Buffer.alloc(Math.min(total, maxBytes - (maxBytes % SYSTEM_PAGE_SIZE)));
    let done = 0;
    for (const part of parts) {
      const want = Math.min(part.end - part.start, copy.length - done);
      if (want === 0) break;
      try {
        const got = readSync(memory, copy, done, want, part.start);
        done += got - (got % SYSTEM_PAGE_SIZE);
      } catch {
        // The range went away since the list was made, or can't be read: it is no live page.
      }
    }
    return done === 0 ? null : copy.subarray(0, done);
  } catch {
    return null;
  } finally {
    if (memory >= 0) closeSync(memory);
    if (pagemap >= 0) closeSync(pagemap);
  }
}
