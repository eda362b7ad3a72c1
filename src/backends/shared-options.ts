/**
 * How a pool that workers share is made, and what a worker needs to take part in it.
 */
import { checkSharedMemory } from "../platform/shared-memory.ts";
import { checkCodec, checkEffort, checkLimit, type Codec, type Effort } from "./pool-options.ts";

/** How a shared pool is made. */
export interface SharedZmemOptions {
  /** The most that linear memory may grow to, in bytes; Infinity (the default) is `maximumBytes`. */
  readonly limitBytes?: number;
  /**
   * The most that `setLimit` may ever ask for, in bytes; the limit when left out, or 4 GiB if that
   * is Infinity. Tables are laid out for it: 0.44 % of it is held from the start.
   */
  readonly maximumBytes?: number;
  /** Whether pages that don't compress are kept raw (the default) or rejected. */
  readonly acceptRaw?: boolean;
  /** How much time a put may spend on compression; "default" when left out. */
  readonly effort?: Effort;
  /** The format of blocks; "adaptive" when left out. */
  readonly codec?: Codec;
  /**
   * Whether `recompress` can be used, and the effort be raised to "high": each worker has more
   * scratch then. True with the effort "high", else false when left out.
   */
  readonly recompression?: boolean;
  /**
   * How long a call waits for a lock before it throws `ERR_ZMEM_HELD`, in milliseconds, 1 or more;
   * 5000 when left out.
   */
  readonly patienceMs?: number;
}

/** What a worker needs to take part: structured-cloneable, to be posted or passed as workerData. */
export interface SharedAttachment {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly patienceMs: number;
  readonly acceptRaw: boolean;
}

/**
 * @throws RangeError or TypeError for options out of range; ZmemError `ERR_ZMEM_UNSUPPORTED` where
 *   memory can't be shared, with the missing headers
 */
export function checkSharedOptions(options: SharedZmemOptions): void {
  // Defaults for what is left out alone: null is a mistake.
  const { limitBytes = Infinity, maximumBytes = Infinity } = options;
  const { effort = "default", codec = "adaptive" } = options;
  checkLimit(limitBytes);
  checkLimit(maximumBytes, "maximumBytes");
  checkEffort(effort);
  checkCodec(codec);
  checkSharedMemory();
}
