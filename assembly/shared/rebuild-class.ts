import { superblock } from "../superblock";
import { GROUP_COUNT, groupHead, FULL_GROUP, SizeClass, sizeClass } from "../zsmalloc/size-classes";
import { linkZspage, NO_SLOT, slotAddress, USED_TAG, Zspage } from "../zsmalloc/zspage";
import { destroyZspage } from "../zsmalloc/zspage-supply";

/**
 * A size class from what is true: the zspages that the table names, and their slots' tags.
 *
 * Class and supply are locked. Slots in use keep their place; free lists, counts and fullness lists
 * are made anew.
 */

export function rebuildClass(classIndex: u32): void {
  const block = superblock();
  const record = sizeClass(classIndex);
  record.groupMask = 0;
  record.zspages = 0;
  record.used = 0;
  record.capacity = 0;
  for (let group: u32 = 0; group < GROUP_COUNT; group++) store<u32>(groupHead(record, group), 0);
  const count = block.zspageTableCapacity;
  for (let id: u32 = 1; id < count; id++) {
    const address = load<u32>(block.zspageTableAddress + (id << 2));
    if (!address || address & 1) continue;
    const zspage = changetype<Zspage>(address);
    if (zspage.classIndex == classIndex) rebuildZspage(record, zspage);
  }
}

function rebuildZspage(record: SizeClass, zspage: Zspage): void {
  const capacity: u32 = zspage.capacity;
  let used: u32 = 0;
  let free: u32 = NO_SLOT;
  for (let slot = <i32>capacity - 1; slot >= 0; slot--) {
    const address = slotAddress(zspage, slot, record.size);
    if (load<u32>(address) & USED_TAG) {
      used++;
    } else {
      store<u32>(address, free << 1);
      free = slot;
    }
  }
  zspage.used = used;
  zspage.freeHead = free;
  record.zspages++;
  record.used += used;
  record.capacity += capacity;
  linkZspage(record, zspage, used == capacity ? FULL_GROUP : (used << 3) / capacity);
}

/** Gives zspages without objects back; the class is locked, the supply is not. */
export function dropEmptyZspages(classIndex: u32): void {
  const record = sizeClass(classIndex);
  let address = load<u32>(groupHead(record, 0));
  while (address) {
    const zspage = changetype<Zspage>(address);
    address = zspage.next;
    if (!zspage.used) destroyZspage(record, zspage);
  }
}
