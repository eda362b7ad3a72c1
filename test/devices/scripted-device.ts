/**
 * A device whose calls fail on demand, as the contract of `SwapDevice` allows: what a test sets
 * before a call decides how that call goes.
 */
import type { SlotBlock, SwapDevice } from "../../src/devices/device.ts";
import { ZmemError } from "../../src/errors.ts";

/**
 * How calls go. `full`: writes are refused. `write`, `read`, `discard`: these throw, and a write that
 * threw has emptied its slots. `short`: reads come short, which a device says by throwing.
 * `forget`: the device answers as if it had nothing, which no device may do.
 */
export type Fault = "none" | "full" | "write" | "read" | "short" | "discard" | "forget";

/** Passes calls on to another device, or lets them fail. */
export class ScriptedDevice implements SwapDevice {
  readonly inner: SwapDevice;
  fault: Fault = "none";
  error: unknown = new ZmemError("ERR_ZMEM_DEVICE", "the disk is on fire");
  /** Names of the calls made, with the number of blocks of writes. */
  readonly calls: string[] = [];

  constructor(inner: SwapDevice) {
    this.inner = inner;
  }

  get pageSize(): number {
    return this.inner.pageSize;
  }

  get capacityPages(): number {
    return this.inner.capacityPages;
  }

  get pages(): number {
    return this.inner.pages;
  }

  write(slot: number, tag: number, block: Uint8Array): boolean {
    return this.#write("write", [{ slot, tag, block }], () => this.inner.write(slot, tag, block));
  }

  writeCluster(blocks: readonly SlotBlock[]): boolean {
    return this.#write("writeCluster", blocks, () => this.inner.writeCluster(blocks));
  }

  read(slot: number, into: Uint8Array): number {
    this.calls.push("read");
    if (this.fault === "read") throw this.error;
    if (this.fault === "short") {
      throw new ZmemError("ERR_ZMEM_DEVICE", `slot ${slot} came short: 10 of 100 bytes`);
    }
    return this.fault === "forget" ? 0 : this.inner.read(slot, into);
  }

  tagOf(slot: number): number {
    return this.fault === "forget" ? -1 : this.inner.tagOf(slot);
  }

  discard(slot: number): boolean {
    this.calls.push("discard");
    if (this.fault === "discard") throw this.error;
    return this.inner.discard(slot);
  }

  close(): void {
    this.inner.close();
  }

  #write(name: string, blocks: readonly SlotBlock[], write: () => boolean): boolean {
    this.calls.push(`${name} ${blocks.length}`);
    if (this.fault === "full") return false;
    if (this.fault !== "write") return write();
    for (const { slot } of blocks) this.inner.discard(slot);
    throw this.error;
  }
}
