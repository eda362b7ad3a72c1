/**
 * The cold pages of a shared pool, as one worker has selected them.
 *
 * Why so: other workers go on between selection and drop, so a block is copied one page at a time
 * and only if the page is still what it was when it was listed; the module has the records of the
 * selection. A page whose block could not be copied is left out, so the place of a page in a
 * selection is not that of its record.
 */
import type { ColdPage, FormedBlock } from "../types.ts";
import { COLD_RECORD_SIZE, INSPECT_LENGTH_BITS, STATUS_ABSENT } from "./abi.ts";
import { currentBuffer, type SharedInstance } from "./shared-instance.ts";

/** A page that was selected for writeback, while it may still change. */
export interface SelectedPage {
  readonly type: number;
  readonly offset: number;
}

export class ColdPages {
  readonly #instance: SharedInstance;
  readonly #window: Uint8Array;
  /** For each page of the last selection: its record. */
  #records: number[] = [];

  /** @param window the get window, which blocks are copied into */
  constructor(instance: SharedInstance, window: Uint8Array) {
    this.#instance = instance;
    this.#window = window;
  }

  /** As WritebackPort.selectCold. */
  select(most: number): readonly ColdPage[] {
    const pages: ColdPage[] = [];
    const records: number[] = [];
    for (const [record, { type, offset }] of this.list(most).entries()) {
      const copied = this.copy(record);
      if (copied === null) continue;
      pages.push({ type, offset, form: copied.form, block: copied.block.slice() });
      records.push(record);
    }
    this.#records = records;
    return pages;
  }

  /** As SharedZmemBackend.listCold. */
  list(most: number): readonly SelectedPage[] {
    const { exports, memory } = this.#instance;
    const count = exports.selectCold(most);
    const words = new Uint32Array(currentBuffer(memory), exports.coldRecords() >>> 0);
    this.#records = Array.from({ length: count }, (_, index) => index);
    return this.#records.map((index) => {
      const at = (index * COLD_RECORD_SIZE) / 4;
      return { type: words[at] as number, offset: words[at + 1] as number };
    });
  }

  /** As SharedZmemBackend.copyCold. */
  copy(index: number): FormedBlock | null {
    const place = this.#records[index];
    if (place === undefined) return null;
    const { exports, memory } = this.#instance;
    const length = exports.copyCold(place);
    if (length === 0) return null;
    const record = (exports.coldRecords() >>> 0) + place * COLD_RECORD_SIZE;
    const packed = new Uint32Array(currentBuffer(memory), record, 3)[2] as number;
    return { form: packed >>> INSPECT_LENGTH_BITS, block: this.#window.subarray(0, length) };
  }

  /** Drops a page of the last selection, if it has not changed. @returns a status */
  drop(index: number): number {
    const record = this.#records[index];
    return record === undefined ? STATUS_ABSENT : this.#instance.exports.dropCold(record);
  }
}
