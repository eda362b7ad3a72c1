/**
 * Statistics per size class, in the columns that zsmalloc shows in debugfs.
 *
 * Source: Documentation/mm/zsmalloc.rst.
 */
import {
  CLASS_CAPACITY,
  CLASS_FIRST_GROUP,
  CLASS_GRANULES,
  CLASS_GROUPS,
  CLASS_SIZE,
  CLASS_USED,
  CLASS_ZSPAGES,
  GRANULE_SIZE,
  type ZmemExports,
} from "./abi.ts";

/** One size class. */
export interface SizeClassStats {
  readonly classIndex: number;
  /** Bytes of one object, its 4-byte header included. */
  readonly objectSize: number;
  /** Zspages by fullness: eight eighths, then full. */
  readonly zspagesByFullness: readonly number[];
  /** Objects that the zspages could hold, and objects in use. */
  readonly objectsAllocated: number;
  readonly objectsUsed: number;
  readonly zspages: number;
  readonly zspageBytes: number;
  /** Bytes that compacting this class would free, about. */
  readonly freeableBytes: number;
}

/** @returns one row for each class that has a zspage, by ascending size */
export function readClasses(
  exports: Pick<ZmemExports, "classCount" | "classColumn" | "freeableBytes">,
): SizeClassStats[] {
  const rows: SizeClassStats[] = [];
  const count = exports.classCount();
  for (let classIndex = 1; classIndex < count; classIndex++) {
    const column = (which: number): number => exports.classColumn(classIndex, which) >>> 0;
    const zspages = column(CLASS_ZSPAGES);
    if (zspages === 0) continue;
    rows.push({
      classIndex,
      objectSize: column(CLASS_SIZE),
      zspagesByFullness: Array.from({ length: CLASS_GROUPS }, (_, group) =>
        column(CLASS_FIRST_GROUP + group),
      ),
      objectsAllocated: column(CLASS_CAPACITY),
      objectsUsed: column(CLASS_USED),
      zspages,
      zspageBytes: column(CLASS_GRANULES) * GRANULE_SIZE,
      freeableBytes: exports.freeableBytes(classIndex) >>> 0,
    });
  }
  return rows;
}
