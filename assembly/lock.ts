import { mayDie } from "./shared/crash";
/**
 * Locks of the shared build: words in shared memory that hold 0 or the id of the worker that has it.
 *
 * Why so: a word that names its holder can be taken from a worker that died; whoever waits learns
 * for whom. A waiter spins for the length of a section, then sleeps on the word in short naps where
 * it may (a browser's main thread may not, and spins on); nobody is woken, so an unlock is one
 * store. A wait beyond the bound ends with `false` and the holder's id, and nothing has changed.
 *
 * The lock order, top to bottom; a lock is asked for only while none below it is held:
 * ```
 * reap · compaction    one at a time each, for the whole pool; never on the path of a page
 * area                 one a type: openType and flushArea
 * stripe               16 a type: chains, groups, entries' presence, counters (shared/stripe)
 * size class           one a class: slots, free lists, fullness lists
 * supply               runs, growth, the zspage table, the chunk map, roots, segments, workers
 * ```
 * A get takes none of them. Recovery works from the bottom up (shared/recovery).
 */

/**
 * Looks at a taken lock before sleeping, some 10 µs: a nap of 20 µs takes 100. With 200, two workers
 * had 1.89 times one's puts in the median, with 2,000 they had 1.92 (docs/shared.md).
 */
const SPINS: u32 = 2000;
const FIRST_NAP: i64 = 20_000; // ns
const LONGEST_NAP: i64 = 500_000;
const TIMED_OUT: i32 = 2;
/** Loads of a lock word in a millisecond, about: the clock of those who may not sleep. */
const SPINS_PER_MILLISECOND: u64 = 200_000;

// What belongs to this instance alone.
let self: u32 = 0;
let mayBlock: bool = false;
let patience: u32 = 5000; // ms

/** The worker that held the lock which could not be had last. */
export let holder: u32 = 0;

/** Says who this instance is. @param canBlock whether it may sleep: not on a browser's main thread */
export function identify(worker: u32, canBlock: bool): void {
  self = worker;
  mayBlock = canBlock;
}

/** The id of this instance's worker, 0 before it has one. */
export function selfId(): u32 {
  return self;
}

/** Sets how long a lock is waited for. @param milliseconds 1 or more */
export function setPatience(milliseconds: u32): void {
  patience = milliseconds;
}

/** The worker that held the lock which could not be had last. */
export function lockHolder(): u32 {
  return holder;
}

/** Makes `lockHolder` say whether a lock could not be had from now on. */
export function forgetHolder(): void {
  holder = 0;
}

/** Takes a lock. @returns false when its holder kept it beyond the bound; see `holder` */
export function acquire(lock: usize): bool {
  const had = !atomic.cmpxchg<u32>(lock, 0, self) || acquireSlowly(lock);
  mayDie();
  return had;
}

/** Takes a lock if it is free. */
export function tryAcquire(lock: usize): bool {
  return !atomic.cmpxchg<u32>(lock, 0, self);
}

/** Gives a lock back. */
export function release(lock: usize): void {
  mayDie();
  atomic.store<u32>(lock, 0);
  mayDie();
}

function acquireSlowly(lock: usize): bool {
  for (let spin: u32 = 0; spin < SPINS; spin++) {
    if (!atomic.load<u32>(lock) && tryAcquire(lock)) return true;
  }
  if (!mayBlock) {
    const most = <u64>patience * SPINS_PER_MILLISECOND;
    for (let spin: u64 = 0; spin < most; spin++) {
      if (!atomic.load<u32>(lock) && tryAcquire(lock)) return true;
    }
  } else {
    const most = <i64>patience * 1_000_000;
    let nap: i64 = FIRST_NAP;
    let waited: i64 = 0;
    while (waited < most) {
      const current = atomic.load<u32>(lock);
      if (!current) {
        if (tryAcquire(lock)) return true;
        continue;
      }
      if (atomic.wait<i32>(lock, current, nap) == TIMED_OUT) {
        waited += nap;
        nap = min(nap * 2, LONGEST_NAP);
      }
    }
  }
  // What the last try finds in the word: 0 is the lock, anything else who has it.
  holder = atomic.cmpxchg<u32>(lock, 0, self);
  return !holder;
}
