import { FULL_GROUP, groupHead, sizeClass } from "./size-classes";
import { Zspage } from "./zspage";

/**
 * The columns that zsmalloc shows per size class in debugfs.
 *
 * Source: Documentation/mm/zsmalloc.rst (class, size, zspages by fullness, obj_allocated, obj_used,
 * pages_used, freeable).
 */

const COLUMN_SIZE: u32 = 0;
const COLUMN_USED: u32 = 1;
const COLUMN_CAPACITY: u32 = 2;
const COLUMN_ZSPAGES: u32 = 3;
const COLUMN_GRANULES: u32 = 4;
/** Zspages of fullness group g are in column COLUMN_FIRST_GROUP + g. */
const COLUMN_FIRST_GROUP: u32 = 8;

/** One column of one class; 0 for a column that does not exist. */
export function classColumn(classIndex: u32, column: u32): u32 {
  const record = sizeClass(classIndex);
  if (column == COLUMN_SIZE) return record.size;
  if (column == COLUMN_USED) return record.used;
  if (column == COLUMN_CAPACITY) return record.capacity;
  if (column == COLUMN_ZSPAGES) return record.zspages;
  let zspages: u32 = 0;
  let granules: u32 = 0;
  for (let group: u32 = 0; group <= FULL_GROUP; group++) {
    const only = column - COLUMN_FIRST_GROUP;
    if (column >= COLUMN_FIRST_GROUP && group != only) continue;
    let address = load<u32>(groupHead(record, group));
    while (address) {
      const zspage = changetype<Zspage>(address);
      zspages++;
      granules += zspage.granules;
      address = zspage.next;
    }
  }
  return column == COLUMN_GRANULES ? granules : zspages;
}
