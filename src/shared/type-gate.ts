/**
 * Whether a type takes a call: that it is on, and for a put that the backend has opened it.
 *
 * Why so: a backend that had no memory for a type when it was turned on may have it by the next put.
 * An area that was turned off must not go on as the next one that gets its type, so its calls bring
 * the serial of their own along.
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

  /**
   * A type as it is now.
   *
   * @param serial of the area that it is to be; 0 for any
   * @throws ZmemError `ERR_ZMEM_TYPE_OFF`, `ERR_ZMEM_CLOSED`; RangeError
   */
  view(type: number, serial = 0): TypeView {
    const { attendance, types } = this.#parts;
    if (type >>> 0 === type && type < MAX_TYPES && !attendance.hasLeft) {
      const view = types.view(type);
      if ((view.word & ON) !== 0 && (serial === 0 || view.serial === serial)) return view;
    }
    return this.#refuse(type, serial);
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

  #refuse(type: number, serial: number): never {
    this.#parts.attendance.checkOpen();
    checkType(type);
    const isAnother = serial !== 0 && this.#parts.types.view(type).serial !== serial;
    throw new ZmemError(
      "ERR_ZMEM_TYPE_OFF",
      isAnother
        ? `swap type ${type} was turned off and on again: open the area anew`
        : `swap type ${type} is off: turn it on first`,
    );
  }
}
