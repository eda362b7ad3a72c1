/**
 * What a pool was told: its limit, effort and switches, and what its types may do.
 *
 * Why so: an instance knows it as well, but a trim drops the instance; what is to hold on in the
 * fresh one is all in here.
 */
import { EFFORTS, type ZmemExports } from "./abi.ts";
import {
  checkCodec,
  checkEffort,
  checkLimit,
  type Codec,
  type Effort,
  type ZmemBackendOptions,
} from "./pool-options.ts";

/** The settings of one pool. */
export class PoolSettings {
  limitBytes: number;
  effort: Effort;
  /** Whether puts are accepted at all. */
  enabled = true;
  /** The longest block that is kept; 0: no bound of its own. */
  longestBlock = 0;
  /** Whether pages may be kept raw, as long as the longest block has no bound. */
  readonly acceptRaw: boolean;
  readonly codec: Codec;
  readonly openTypes = new Set<number>();
  /** Types whose pages writeback may take. */
  readonly writebackTypes = new Set<number>();

  /** @throws RangeError or TypeError for a limit, an effort or a codec that is none */
  constructor(options: ZmemBackendOptions) {
    const { limitBytes = Infinity, acceptRaw = true } = options;
    const { effort = "default", codec = "adaptive" } = options;
    checkLimit(limitBytes);
    checkEffort(effort);
    checkCodec(codec);
    this.limitBytes = limitBytes;
    this.acceptRaw = acceptRaw;
    this.effort = effort;
    this.codec = codec;
  }

  /** Tells an instance that was started without a limit, and whose types are open. */
  applyTo(wasm: ZmemExports): void {
    wasm.setLimit(this.limitBytes);
    wasm.setEnabled(this.enabled ? 1 : 0);
    for (const type of this.writebackTypes) wasm.setWriteback(type, 1);
    this.applyLongestBlock(wasm);
    // Without memory for the workspace of "high" the pool goes on with the default.
    wasm.setEffort(EFFORTS.indexOf(this.effort));
  }

  /** Tells an instance which blocks are worth keeping. */
  applyLongestBlock(wasm: ZmemExports): void {
    const acceptRaw = this.acceptRaw && this.longestBlock === 0;
    wasm.setWorthLength(this.longestBlock, acceptRaw ? 1 : 0);
  }
}
