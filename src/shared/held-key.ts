/**
 * A page whose key this worker has locked: what an area with a device changes it through.
 *
 * Invariant: valid until the lock is released; the bit of the page and the backend's copy change
 * together, by `change` alone.
 */
import { ZmemError } from "../errors.ts";
import type { Presence } from "./presence.ts";
import type { TypeView } from "./type-table.ts";

export class HeldKey {
  readonly type: number;
  readonly offset: number;
  /** The type, which stays as it is while the lock is held. */
  readonly view: TypeView;
  readonly #presence: Presence;

  constructor(presence: Presence, type: number, offset: number, view: TypeView) {
    this.#presence = presence;
    this.type = type;
    this.offset = offset;
    this.view = view;
  }

  /** Whether the backend has the page. */
  get isKept(): boolean {
    return this.#presence.has(this.view, this.offset);
  }

  /**
   * Changes the backend's copy, noted so that the death of this worker in between is repaired.
   *
   * @param work calls the backend; returns whether it has the page then
   * @returns what `work` does
   * @throws what `work` throws: `ERR_ZMEM_HELD` has changed nothing, after all else the backend has
   *   no page
   */
  change(work: () => boolean): boolean {
    const { type, offset, view } = this;
    const had = this.isKept;
    this.#presence.begin(view, type, offset, had);
    let has = false;
    try {
      has = work();
    } catch (error) {
      has = had && error instanceof ZmemError && error.code === "ERR_ZMEM_HELD";
      throw error;
    } finally {
      this.#presence.end(view, type, offset, had, has);
    }
    return has;
  }
}
