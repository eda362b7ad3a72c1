/**
 * The writeback port of a pool in linear memory, as far as the plain and the shared backend have it
 * alike: blocks that come back from a device, puts that are tried again, the longest block.
 *
 * Why so: of these calls only who guards the instance differs. A backend extends this class and
 * says which instance runs, what a status means beside its number, and where its windows lie. What
 * selects and drops cold pages is its own: in a shared pool a page may change in between.
 *
 * Invariant: nothing here reads an instance but through `running`, which throws when there is none.
 */
import { checkKey, checkPage, checkType, describe } from "../errors.ts";
import type { ColdPage, FormedBlock, Page, RejectReason, WritebackPort } from "../types.ts";
import { REJECT_REASONS, STATUS_OK, type ZmemExports } from "./abi.ts";
import { decodeInto, readPendingBlock, type BlockSource } from "./blocks.ts";

/** An instance of either build, for the port. */
export interface PortInstance extends BlockSource {
  readonly exports: BlockSource["exports"] &
    Pick<ZmemExports, "retryPut" | "keepBlock" | "setWriteback">;
}

/** A backend's writeback port; see WritebackPort for what each call means. */
export abstract class WritebackBackend implements WritebackPort {
  /** Status of the last put, retry or restore. */
  protected putStatus = STATUS_OK;

  abstract get pageSize(): number;
  abstract selectCold(most: number): readonly ColdPage[];
  abstract dropCold(index: number): boolean;
  abstract compactForRetry(objects: number): number;
  abstract fillLevel(): number;

  /** @returns the instance, with its memory as it is now @throws ZmemError when none runs */
  protected abstract running(): PortInstance;
  /** The same without an object around it: what a put of an area asks. */
  protected abstract runningExports(): PortInstance["exports"];
  /** @returns the get window, as long as a page */
  protected abstract getWindow(): Uint8Array;
  /** Passes a status on. @throws ZmemError for one that a caller should not take for an answer */
  protected abstract settled(status: number): number;
  /** Tells the instance the longest block. @param bytes 0: as long as is worth keeping at all */
  protected abstract applyLongestBlock(bytes: number): void;

  get lastReject(): RejectReason | null {
    return REJECT_REASONS[this.putStatus] ?? null;
  }

  allowWriteback(type: number, allowed: boolean): void {
    checkType(type);
    this.runningExports().setWriteback(type, allowed ? 1 : 0);
  }

  retryPut(type: number, offset: number): boolean {
    return this.settledPut(this.runningExports().retryPut(type, offset));
  }

  rejectedBlock(type: number, offset: number): FormedBlock | null {
    return readPendingBlock(this.running(), type, offset);
  }

  forgetRejected(): void {
    // Whoever asks for the block window is about to use it.
    this.runningExports().blockWindow();
  }

  decodeBlock(form: number, block: Uint8Array, page: Page): void {
    const instance = this.running();
    checkPage(page, this.pageSize);
    decodeInto(instance, form, block, this.pageSize);
    page.set(this.getWindow());
  }

  restorePage(type: number, offset: number, form: number, block: Uint8Array, page: Page): boolean {
    checkKey(type, offset);
    this.decodeBlock(form, block, page);
    return this.settledPut(this.runningExports().keepBlock(type, offset, form, block.length));
  }

  findFullest(): number {
    return this.fillLevel();
  }

  setLongestBlock(bytes: number): void {
    this.runningExports();
    if (!(bytes >= 1)) throw new RangeError(`bytes: expected 1 or more, got ${describe(bytes)}`);
    this.applyLongestBlock(bytes >= this.pageSize ? 0 : Math.floor(bytes));
  }

  /** Keeps the status of a put for `lastReject`. @returns whether the page is kept */
  protected settledPut(status: number): boolean {
    this.putStatus = status;
    return this.settled(status) === STATUS_OK;
  }
}
