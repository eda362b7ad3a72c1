/**
 * The size classes of a pool, each with what its blocks really need: what they are less than their
 * objects is slack.
 */
import { type SizeClassStats } from "../../src/index.ts";
import { type ClassRow, FORM_ON_DEVICE } from "../protocol.ts";
import { type PageRecords } from "./page-records.ts";

/** Object header of the allocator, bytes. */
export const OBJECT_HEADER = 4;

export function toClassRows(
  stats: readonly SizeClassStats[],
  { forms, sizes }: PageRecords,
  pageSize: number,
): ClassRow[] {
  const payload = new Float64Array(stats.length);
  const places = new Int32Array(pageSize + OBJECT_HEADER + 1);
  for (let length = 1, place = 0; length < places.length; length++) {
    while (place < stats.length - 1 && stats[place]!.objectSize < length) place += 1;
    places[length] = place;
  }
  for (let page = 0; page < forms.length; page++) {
    const size = sizes[page] as number;
    if (size === 0 || forms[page] === FORM_ON_DEVICE || stats.length === 0) continue;
    const place = places[Math.min(size + OBJECT_HEADER, places.length - 1)] as number;
    payload[place] = (payload[place] as number) + size;
  }
  return stats.map((row, index) => {
    const usedBytes = row.objectsUsed * row.objectSize;
    const payloadBytes = Math.min(payload[index] as number, usedBytes);
    return {
      objectSize: row.objectSize,
      zspages: row.zspages,
      zspageBytes: row.zspageBytes,
      objectsUsed: row.objectsUsed,
      objectsAllocated: row.objectsAllocated,
      payloadBytes,
      slackBytes: usedBytes - payloadBytes,
      freeBytes: (row.objectsAllocated - row.objectsUsed) * row.objectSize,
      tailBytes: row.zspageBytes - row.objectsAllocated * row.objectSize,
      freeableBytes: row.freeableBytes,
      fullness: row.zspagesByFullness,
    };
  });
}
