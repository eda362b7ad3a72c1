/**
 * The columns of the module's statistics, as what the pool says that it holds.
 *
 * Why so: a trim drops the instance that counted, so what is counted since the start (rejects, moves,
 * the peak) is carried over into the next one's figures.
 */
import type { PoolStats } from "../types.ts";
import { STATS_COLUMNS, type StatsColumn } from "./abi.ts";

/** All columns by name. */
export type StatsColumns = Readonly<Record<StatsColumn, number>>;
/** What instances have counted that a trim has dropped. */
export type CarriedColumns = Readonly<Partial<Record<StatsColumn, number>>>;

/** Columns from here on are counted since the start; those before say what is now. */
const FIRST_COUNTER = STATS_COLUMNS.indexOf("movedObjects");

/** @param address what `writeStats` gave */
export function readColumns(
  buffer: ArrayBufferLike,
  address: number,
  carried: CarriedColumns,
): StatsColumns {
  const values = new Float64Array(buffer, address, STATS_COLUMNS.length);
  const columns = {} as Record<StatsColumn, number>;
  STATS_COLUMNS.forEach((name, index) => {
    const value = values[index] ?? 0;
    const before = carried[name] ?? 0;
    columns[name] = name === "peakHeldBytes" ? Math.max(value, before) : value + before;
  });
  return columns;
}

/** What the next instance's figures begin with. @param peakBytes held by both at once */
export function carryOver(columns: StatsColumns, peakBytes: number): CarriedColumns {
  const counters = STATS_COLUMNS.slice(FIRST_COUNTER).map((name) => [name, columns[name]]);
  const peakHeldBytes = Math.max(columns.peakHeldBytes, peakBytes);
  return { ...Object.fromEntries(counters), peakHeldBytes };
}

/** The columns under the names of the interface. */
export function columnsToStats(
  columns: StatsColumns,
  pageSize: number,
  limitBytes: number,
): PoolStats {
  const { pages, sameFilledPages, rawPages } = columns;
  return {
    pageSize,
    limitBytes,
    pages,
    logicalBytes: pages * pageSize,
    sameFilledPages,
    rawPages,
    compressedPages: pages - sameFilledPages - rawPages,
    payloadBytes: columns.payloadBytes,
    objectBytes: columns.objectBytes,
    zspageBytes: columns.zspageBytes,
    indexBytes: columns.indexBytes,
    fixedBytes: columns.fixedBytes,
    freeBytes: columns.freeBytes,
    heldBytes: columns.heldBytes,
    peakHeldBytes: columns.peakHeldBytes,
    movedObjects: columns.movedObjects,
    instances: 1,
    rejects: {
      closedType: columns.closedType,
      disabled: columns.disabled,
      limit: columns.limit,
      growth: columns.growth,
      incompressible: columns.incompressible,
    },
  };
}
