/**
 * Admission: which pages the backend is asked to keep, and what follows when it rejects one.
 *
 * What: the hook between front-end and backend. After a rejection for want of room it calls
 * writeback. Three options spare the pool what it would reject or regret:
 * - *accept threshold*: a pool that was full takes nothing until it is below this fill level again,
 *   so that it does not turn between full and not full with every page;
 * - *graded admission*: between two fill levels the compression ratio that a page must reach rises,
 *   so that a limit is no cliff: what compresses badly goes first, what compresses well goes on;
 * - *negative memory*: a page that did not compress is not tried again until it changes.
 *
 * Why so: all three are policy of the front-end; the backend knows a longest block and no more.
 *
 * Invariant: a page that is refused here was not kept before the call either once it returns: the
 * front-end drops the older copy as for any rejected put.
 */
import { describe, MIN_PAGE_SIZE } from "./errors.ts";
import { NegativeMemory } from "./negative-memory.ts";
import type { SwapLog } from "./swap-log.ts";
import type { Page, PutHook } from "./types.ts";
import type { Writeback } from "./writeback.ts";

/** Between which fill levels the demanded compression ratio rises. */
export interface GradedAdmission {
  /** Up to this fill level, 0 to 1, every page is taken. */
  readonly from: number;
  /** From this fill level on the whole ratio is demanded; above `from`, 1 or below. */
  readonly to: number;
  /** Page size ÷ block size at `to`, above 1 and at most 4096. */
  readonly ratio: number;
}

/** What the pool is spared. */
export interface AdmissionOptions {
  /** A fill level, above 0 and below 1; a full pool takes pages again as soon as room is, if left out. */
  readonly acceptThreshold?: number;
  /** Every page is asked the same at every fill level when left out. */
  readonly gradedAdmission?: GradedAdmission;
  /** Entries of the negative memory, a power of two; true: 4096, 16 KiB; none when left out. */
  readonly rememberIncompressible?: boolean | number;
}

/** Puts between two looks at the fill level. */
const LOOK_INTERVAL = 32;
/** The demanded ratio rises in so many steps. */
const GRADES = 8;

/** The hook of a front-end whose backend has the writeback port. */
export class Admission implements PutHook {
  readonly #writeback: Pick<Writeback, "makeRoom" | "setDemandedRatio" | "port">;
  readonly #log: Pick<SwapLog, "count">;
  readonly #acceptThreshold: number | undefined;
  readonly #graded: GradedAdmission | undefined;
  readonly #negative: NegativeMemory | null;
  /** The pool was full and has not been below the threshold since. */
  #isWaiting = false;
  #grade = 0;
  #putsUntilLook = 0;

  /** @throws RangeError for fill levels, a ratio or a number of entries that can't be */
  constructor(
    writeback: Pick<Writeback, "makeRoom" | "setDemandedRatio" | "port">,
    log: Pick<SwapLog, "count">,
    options: AdmissionOptions = {},
  ) {
    const { acceptThreshold, gradedAdmission, rememberIncompressible = false } = options;
    if (acceptThreshold !== undefined && !(acceptThreshold > 0 && acceptThreshold < 1)) {
      throw new RangeError(
        `acceptThreshold: expected a fill level above 0 and below 1, got ${acceptThreshold}`,
      );
    }
    if (gradedAdmission !== undefined) checkGraded(gradedAdmission);
    this.#writeback = writeback;
    this.#log = log;
    this.#acceptThreshold = acceptThreshold;
    this.#graded = gradedAdmission;
    this.#negative =
      rememberIncompressible === false
        ? null
        : new NegativeMemory(rememberIncompressible === true ? undefined : rememberIncompressible);
  }

  admits(type: number, offset: number, page: Page): boolean {
    if (this.#graded !== undefined || this.#isWaiting) this.#look();
    if (this.#isWaiting) {
      this.#log.count("skippedFull", type, offset);
      return false;
    }
    if (this.#negative?.has(type, offset, page) === true) {
      this.#log.count("skippedIncompressible", type, offset);
      return false;
    }
    return true;
  }

  rejected(type: number, offset: number, page: Page): boolean {
    if (this.#writeback.makeRoom(type, offset)) return true;
    const reason = this.#writeback.port.lastReject;
    if (reason === "incompressible") {
      this.#log.count("rejectedIncompressible", type, offset);
      this.#negative?.note(type, offset, page);
    } else if (reason === "limit" || reason === "growth") {
      this.#log.count("rejectedFull", type, offset);
      this.#isWaiting = this.#acceptThreshold !== undefined;
    }
    return false;
  }

  /** Looks at the fill level, now and then. */
  #look(): void {
    this.#putsUntilLook -= 1;
    if (this.#putsUntilLook > 0) return;
    this.#putsUntilLook = LOOK_INTERVAL;
    const level = this.#writeback.port.fillLevel();
    if (this.#acceptThreshold !== undefined && level < this.#acceptThreshold) {
      this.#isWaiting = false;
    }
    if (this.#graded !== undefined) this.#setGrade(this.#graded, level);
  }

  #setGrade({ from, to, ratio }: GradedAdmission, level: number): void {
    const share = Math.min(1, Math.max(0, (level - from) / (to - from)));
    const grade = Math.floor(share * GRADES);
    // What was too long for a stricter grade may be short enough now.
    if (grade < this.#grade) this.#negative?.clear();
    this.#grade = grade;
    const demanded = 1 + ((ratio - 1) * grade) / GRADES;
    // Also when it is the same: on a shared pool another worker may have set another one.
    this.#writeback.setDemandedRatio(demanded);
  }
}

function checkGraded({ from, to, ratio }: GradedAdmission): void {
  if (!(from >= 0 && from < to && to <= 1)) {
    throw new RangeError(
      `gradedAdmission: expected fill levels 0 ≤ from < to ≤ 1, got from ${from}, to ${to}`,
    );
  }
  // A block has a byte at least, so a larger ratio would mean nothing for the smallest page.
  if (!(ratio > 1 && ratio <= MIN_PAGE_SIZE)) {
    throw new RangeError(
      `gradedAdmission: expected a ratio above 1, ${MIN_PAGE_SIZE} at most, got ${describe(ratio)}`,
    );
  }
}
