/**
 * Which backend keeps the pages: every worker registers its own handle on the same pool.
 *
 * Why so: a backend is replaced by a worker that is alone and while it keeps no page, since pages
 * don't move over. Joining a pool and registering the handle are one step, so that a worker that is
 * terminated in between leaves no part of itself behind at the backend.
 */
import { ZmemError } from "../errors.ts";
import type { SharedOps } from "./backend-handle.ts";
import { WORKER_REGISTERED, workerRecord, WORKERS } from "./control.ts";
import { sumPages } from "./counts.ts";
import type { FrontEndParts } from "./parts.ts";

export class Registration {
  readonly #parts: FrontEndParts;

  constructor(parts: FrontEndParts) {
    this.#parts = parts;
  }

  /** As SharedFrontswap.register. */
  register(ops: SharedOps | null): SharedOps | null {
    const { attendance, backend, typeSwitch } = this.#parts;
    attendance.checkOpen();
    const previous = backend.registered;
    if (ops === previous) return previous;
    const isAlone = !this.#othersAreRegistered();
    if (previous !== null) this.#checkReplaceable(ops, isAlone);
    const poolId = backend.start(ops);
    attendance.checkAttached();
    typeSwitch.openAll(ops, poolId >= 0, isAlone ? previous : null);
    backend.set(ops, poolId);
    attendance.setRegistered(poolId >= 0);
    return previous;
  }

  /** As SharedFrontswap.registerJoining. */
  registerJoining<Ops extends SharedOps>(attach: () => Ops): Ops {
    const { attendance, members } = this.#parts;
    attendance.checkOpen();
    let ops: Ops | undefined;
    members.join(() => {
      ops = attach();
      return ops.workerId ?? attendance.workerId;
    });
    const joined = ops as Ops;
    this.register(joined);
    return joined;
  }

  #othersAreRegistered(): boolean {
    const { attendance, control } = this.#parts;
    for (let workerId = 1; workerId < WORKERS; workerId++) {
      const index = workerRecord(workerId) + WORKER_REGISTERED;
      if (workerId !== attendance.workerId && Atomics.load(control.words, index) !== 0) return true;
    }
    return false;
  }

  #checkReplaceable(ops: SharedOps | null, isAlone: boolean): void {
    const pages = sumPages(this.#parts.types);
    if (pages > 0) {
      throw new ZmemError(
        "ERR_ZMEM_BUSY",
        `the registered backend still keeps ${pages} pages: flush them before another takes over`,
      );
    }
    if (isAlone || ops === null) return;
    throw new ZmemError("ERR_ZMEM_BUSY", "the registered backend is used by other workers");
  }
}
