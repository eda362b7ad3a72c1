/**
 * The pages of a pool that workers share, as one of them sees it; memory may stand behind it as a
 * device, which is as near as the pool.
 */
import {
  MemoryStorage,
  type MemoryStorageLink,
  SharedDeviceArea,
  type SharedSwapArea,
  type SharedZmem,
} from "../../src/index.shared.ts";
import { type Slots } from "./slots.ts";

export class SharedSlots implements Slots {
  readonly #area: SharedSwapArea;
  readonly isAsync = false;

  constructor(area: SharedSwapArea) {
    this.#area = area;
  }

  get type(): number {
    return this.#area.type;
  }

  get pagesOnDevice(): number {
    return this.#area instanceof SharedDeviceArea ? this.#area.pagesOnDevice : 0;
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

/** What a worker opens an area with; without a link the area has no device. */
export interface SharedAreaLink {
  readonly type: number;
  readonly storage: MemoryStorageLink | null;
}

/** Opens an area that another worker has turned on. Pages that are got from its device stay there. */
export function openSharedSlots(zmem: SharedZmem, { type, storage }: SharedAreaLink): SharedSlots {
  return new SharedSlots(
    storage === null
      ? zmem.area(type)
      : zmem.area(type, { device: MemoryStorage.open(storage), promote: false }),
  );
}
