/**
 * The pages of a pool that workers share: no device stands behind it.
 */
import { type SharedSwapArea } from "../../src/index.shared.ts";
import { type Slots } from "./slots.ts";

export class SharedSlots implements Slots {
  readonly #area: SharedSwapArea;
  readonly pagesOnDevice = 0;
  readonly isAsync = false;

  constructor(area: SharedSwapArea) {
    this.#area = area;
  }

  get type(): number {
    return this.#area.type;
  }

  put(page: number, bytes: Uint8Array): boolean {
    return this.#area.put(page, bytes);
  }

  async putLate(): Promise<boolean> {
    return false;
  }

  isFarAway(): boolean {
    return false;
  }

  get(page: number, bytes: Uint8Array): boolean {
    return this.#area.get(page, bytes);
  }

  async getAnywhere(page: number, bytes: Uint8Array): Promise<boolean> {
    return this.#area.get(page, bytes);
  }

  has(page: number): boolean {
    return this.#area.has(page);
  }

  flush(page: number): boolean {
    return this.#area.flush(page);
  }

  close(): void {}
}
