/**
 * The pages of a pool with whatever device stands behind it.
 *
 * Why so: a synchronous device (memory, OPFS) is reached by the same calls as the pool; one that
 * answers with promises (IndexedDB) has calls of its own, and a page on it is out of reach of a
 * plain get. The session asks which it is and times both.
 *
 * A page that is got from the device stays there: promoted, it would push others out, and the map
 * would show the checks of this demo rather than the puts.
 */
import { type AsyncSwapArea, type SwapArea, type Zmem } from "../../src/index.ts";
import { type DeviceTrouble } from "./device-trouble.ts";
import { type OpenDevice } from "./devices.ts";
import { type Slots } from "./slots.ts";

export class DeviceSlots implements Slots {
  readonly #zmem: Zmem;
  readonly #device: OpenDevice;
  readonly #trouble: DeviceTrouble;
  readonly #area: SwapArea | AsyncSwapArea;
  readonly #asyncArea: AsyncSwapArea | null;

  constructor(zmem: Zmem, pages: number, device: OpenDevice, trouble: DeviceTrouble) {
    this.#zmem = zmem;
    this.#device = device;
    this.#trouble = trouble;
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

  get isAsync(): boolean {
    return this.#asyncArea !== null;
  }

  put(page: number, bytes: Uint8Array): boolean {
    try {
      return this.#area.put(page, bytes);
    } catch (error) {
      return this.#trouble.blame(error);
    }
  }

  async putLate(page: number, bytes: Uint8Array): Promise<boolean> {
    if (this.#asyncArea === null) return false;
    return this.#asyncArea
      .swapOutAsync(page, bytes)
      .catch((error: unknown) => this.#trouble.blame(error));
  }

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

  close(): void {
    if (this.#device.kind === "sync") this.#device.device.close();
    else if (this.#device.kind === "async") {
      // What is left behind is swept by the next that opens.
      this.#device.device.close().catch(() => undefined);
    }
  }
}
