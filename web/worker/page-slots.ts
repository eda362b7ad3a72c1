/**
 * One way to put and get pages, whatever device stands behind the pool.
 *
 * Why so: a synchronous device (memory, OPFS) is reached by the same calls as the pool; one that
 * answers with promises (IndexedDB) has calls of its own, and a page on it is out of reach of a
 * plain get. The session asks which it is and times both.
 *
 * A page that is got from the device stays there: promoted, it would push others out, and the map
 * would show the checks of this demo rather than the puts.
 */
import { type AsyncSwapArea, type SwapArea, type Zmem } from "../../src/index.ts";
import { type OpenDevice } from "./devices.ts";

export class PageSlots {
  readonly #zmem: Zmem;
  readonly #device: OpenDevice;
  readonly #area: SwapArea | AsyncSwapArea;
  readonly #asyncArea: AsyncSwapArea | null;

  constructor(zmem: Zmem, pages: number, device: OpenDevice) {
    this.#zmem = zmem;
    this.#device = device;
    if (device.kind === "async") {
      this.#asyncArea = zmem.swapOn({ pages, asyncDevice: device.device, promote: false });
      this.#area = this.#asyncArea;
      return;
    }
    this.#asyncArea = null;
    this.#area =
      device.kind === "none"
        ? zmem.swapOn({ pages })
        : zmem.swapOn({ pages, device: device.device, promote: false });
  }

  get type(): number {
    return this.#area.type;
  }

  get pagesOnDevice(): number {
    return this.#area.pagesOnDevice;
  }

  /** Whether a rejected put may still be taken, by `putLate`. */
  get isAsync(): boolean {
    return this.#asyncArea !== null;
  }

  /** @returns false when neither the pool nor a synchronous device took it */
  put(page: number, bytes: Uint8Array): boolean {
    return this.#area.put(page, bytes);
  }

  /** Puts a page where the asynchronous device can take it. */
  async putLate(page: number, bytes: Uint8Array): Promise<boolean> {
    return this.#asyncArea === null ? false : this.#asyncArea.swapOutAsync(page, bytes);
  }

  /** Whether only `getAnywhere` reaches a page. */
  isFarAway(page: number): boolean {
    return this.#asyncArea !== null && !this.#zmem.frontswap.testPage(this.type, page);
  }

  get(page: number, bytes: Uint8Array): boolean {
    return this.#area.get(page, bytes);
  }

  async getAnywhere(page: number, bytes: Uint8Array): Promise<boolean> {
    return this.#asyncArea === null ? this.get(page, bytes) : this.#asyncArea.getAsync(page, bytes);
  }

  has(page: number): boolean {
    return this.#area.has(page);
  }

  flush(page: number): boolean {
    return this.#area.flush(page);
  }

  /** Closes the device; the pool is closed by its owner. */
  close(): void {
    if (this.#device.kind === "sync") this.#device.device.close();
    else if (this.#device.kind === "async") {
      // What is left behind is swept by the next that opens.
      this.#device.device.close().catch(() => undefined);
    }
  }
}
