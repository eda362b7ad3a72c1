/**
 * Who holds what in a shared pool and its front-end, as text: for a test that finds a worker waiting.
 *
 * Why so: a wait that never ends leaves nothing to look at but shared memory, and that is gone with
 * the process. Read without any lock; the pool's own locks show with the testing build only.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { SharedZmemBackend } from "../../src/backends/shared.ts";
import {
  Control,
  keyLockRange,
  MEMBERS_LOCK,
  TYPE_STATE,
  typeRecord,
  TYPES_LOCK,
  WORKER_BACKEND_ID,
  WORKER_OFFSET,
  WORKER_OP,
  WORKER_STATE,
  WORKER_TYPE,
  workerRecord,
  WORKERS,
} from "../../src/shared/control.ts";
import { holderOf } from "../../src/shared/lock.ts";
import { MAX_TYPES } from "../../src/errors.ts";
import { testingExports } from "./testing-exports.ts";

const KINDS = ["", "supply", "reap", "compaction", "class", "stripe", "area"];
const STATES = ["free", "reserved", "attached", "reaping"];
const FLAGS = ["on", "open", "flushed", "cleaning"];
const JOURNAL =
  "state scratch job areaType areaOpen entry pending pendingClass old oldClass spare spareClass";

/** The front-end: its locks that are held, workers that are not free, types that are not off. */
export function describeFrontEnd(memory: WebAssembly.Memory): string[] {
  const { words } = Control.open(memory);
  const lines: string[] = [];
  const lock = (name: string, index: number): void => {
    const holder = holderOf(Atomics.load(words, index));
    if (holder !== 0) lines.push(`front-end: ${name} held by ${holder}`);
  };
  lock("types lock", TYPES_LOCK);
  lock("members lock", MEMBERS_LOCK);
  const [first, end] = keyLockRange();
  for (let index = first; index < end; index++) lock(`key lock ${index - first}`, index);
  for (let worker = 1; worker < WORKERS; worker++) {
    const word = (at: number): number => Atomics.load(words, workerRecord(worker) + at);
    const state = word(WORKER_STATE);
    if ((state & 15) === 0) continue;
    lines.push(
      `front-end: worker ${worker} ${STATES[state & 15]} (by ${(state >> 4) & 255}), ` +
        `${word(WORKER_BACKEND_ID)} at the backend, op ${word(WORKER_OP)} ` +
        `on type ${word(WORKER_TYPE)} offset ${word(WORKER_OFFSET)}`,
    );
  }
  for (let type = 0; type < MAX_TYPES; type++) {
    const state = Atomics.load(words, typeRecord(type) + TYPE_STATE);
    const flags = FLAGS.filter((_, bit) => (state & (1 << bit)) !== 0);
    if (flags.length > 0) lines.push(`front-end: type ${type} ${flags.join(", ")}`);
  }
  return lines;
}

/**
 * The threads of this process, where the system tells: a thread that is ready to run and has waited
 * for a processor nearly all of the time holds nothing and waits for nobody.
 */
export function describeThreads(): string[] {
  const tasks = "/proc/self/task";
  if (!existsSync(tasks)) return [];
  return readdirSync(tasks).map((id) => {
    const [name = "", rest = ""] = read(`${tasks}/${id}/stat`).split(") ");
    const [ran = "", waited = ""] = read(`${tasks}/${id}/schedstat`).split(" ");
    const milliseconds = (ns: string): string => (Number(ns) / 1e6).toFixed(0);
    return (
      `thread ${name.split("(")[1]}: state ${rest[0]}, ran ${milliseconds(ran)} ms, ` +
      `waited ${milliseconds(waited)} ms for a processor`
    );
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}

/** The pool: its locks that are held, and the records of workers that take part. */
export function describePool(backend: SharedZmemBackend): string[] {
  if (!("heldLock" in backend.instance.exports)) return ["pool: not the testing build"];
  const { heldLock, journalWord } = testingExports(backend);
  const lines: string[] = [];
  for (let number = 0; ; number++) {
    const packed = heldLock(number) >>> 0;
    if (packed === 0) break;
    const place = (packed >>> 8) & 0xfffff;
    lines.push(`pool: ${KINDS[packed >>> 28]} ${place} held by ${packed & 255}`);
  }
  for (let worker = 1; worker < WORKERS; worker++) {
    if (journalWord(worker, 0) === 0) continue;
    const words = JOURNAL.split(" ").map((name, word) => `${name} ${journalWord(worker, word)}`);
    lines.push(`pool: worker ${worker}: ${words.join(", ")}`);
  }
  return lines;
}
