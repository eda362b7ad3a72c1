/**
 * Whether a type takes a call: that it is on, and for a put that the backend has opened it.
 *
 * Why so: a backend that had no memory for a type when it was turned on may have it by the next put.
 */
import { backendFailure } from "../backend-failures.ts";
import { checkType, MAX_TYPES, ZmemError } from "../errors.ts";
import { isHeld } from "./failures.ts";
import type { FrontEndParts } from "./parts.ts";
import { FAILED_PUTS } from "./tally.ts";
import { ON, type TypeView } from "./type-table.ts";

export class TypeGate {
  readonly #parts: Pick<FrontEndParts, "attendance" | "tally" | "types" | "typeSwitch">;

  constructor(parts: FrontEndParts) {
    this.#parts = parts;
  }

  /** A type as it is now. @throws ZmemError `ERR_ZMEM_TYPE_OFF`, `ERR_ZMEM_CLOSED`; RangeError */
  view(type: number): TypeView {
    const { attendance, types } = this.#parts;
    if (type >>> 0 === type && type < MAX_TYPES && !attendance.hasLeft) {
      const view = types.view(type);
      if ((view.word & ON) !== 0) return view;
    }
    return this.#refuse(type);
  }

  /**
   * For a put of a type that is not open.
   *
   * @returns whether the type has changed
   * @throws ZmemError what the backend failed with, which counts as a rejected put
   */
  openForPut(type: number, offset: number): boolean {
    const { attendance, tally, types, typeSwitch } = this.#parts;
    const before = types.view(type);
    try {
      attendance.checkAttached();
      typeSwitch.open(type);
    } catch (error) {
      if (isHeld(error)) throw error;
      tally.count(FAILED_PUTS);
      throw backendFailure(type, offset, error);
    }
    return !types.isCurrent(type, before);
  }

  #refuse(type: number): never {
    this.#parts.attendance.checkOpen();
    checkType(type);
    throw new ZmemError("ERR_ZMEM_TYPE_OFF", `swap type ${type} is off: turn it on first`);
  }
}
