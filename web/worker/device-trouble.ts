/**
 * What befell the swap device, told once, in plain words: that it is full, or how it failed.
 *
 * Why so: neither ends a run. What the device can't take is rejected, and everything else stays.
 */
import { ZmemError } from "../../src/index.ts";

export class DeviceTrouble {
  #full = false;
  #failure: string | null = null;
  #told = "";

  /** A put found no slot on the device. */
  fillUp(): void {
    this.#full = true;
  }

  /** A device that fails keeps nothing of a page: as if it were rejected. @throws what is no failure of it */
  blame(error: unknown): false {
    if (!(error instanceof ZmemError) || error.code !== "ERR_ZMEM_DEVICE") throw error;
    this.#failure ??= error.message;
    return false;
  }

  /** @returns null when there is nothing that was not told yet */
  take(): string | null {
    const words = this.#toWords();
    if (words === this.#told) return null;
    this.#told = words;
    return words;
  }

  #toWords(): string {
    if (this.#failure !== null) {
      return `The swap device failed (${this.#failure}). The run goes on: pages that the device should have taken are rejected, all others stay.`;
    }
    if (this.#full) {
      return "The swap device is full: the browser gives this page no more storage. The run goes on: pages that neither pool nor device can take are rejected, all others stay.";
    }
    return "";
  }
}
