import { EFFORT_HIGH } from "./codec/effort";
import {
  BLOCK_LENGTH_MASK,
  CODEC_SHIFT,
  compressPage,
  decompressWith,
  workspaceSize,
} from "./codec/registry";
import { GRANULE_SHIFT } from "./constants";
import {
  asTried,
  entryToCodec,
  entryToForm,
  entryToLength,
  entryToRecency,
  FORM_BLOCK,
  FORM_RAW,
  isTried,
  RECENCY_MASK,
} from "./index/entry";
import { forgetPending, payloadAddress, replaceObject } from "./pagestore";
import { STATUS_OK } from "./status";
import { OPTION_CODEC_SHIFT, superblock } from "./superblock";
import { allocateRun, lastFailure } from "./supply/supply";
import { classToLength, FULL_GROUP, groupHead, sizeClass } from "./zsmalloc/size-classes";
import { suspendDefragmentation } from "./zsmalloc/defragmentation";
import { slotAddress, USED_TAG, Zspage } from "./zsmalloc/zspage";

/**
 * Recompression: raises stored blocks to the effort `high`, coldest pages first, largest first among
 * these.
 *
 * Why so: a page that nobody gets is likely to stay, so its smaller block is a gain for long; and
 * the largest class has the most to give. A new block is taken only when it lands in a smaller
 * class, since bytes inside a class are nobody's gain (zram decides the same way). What did not help
 * is marked in the entry and not tried again until the page is put anew; a block that only found no
 * room beside the old one is not marked.
 *
 * One lap goes through the classes from the largest once for each recency, and takes what is as cold
 * as that or colder: whatever cooled down after its turn is taken in the last round. All that is
 * kept between calls is the step of the lap that comes next.
 */

/**
 * Blocks of one class that may find no room before the next class has its turn: they stay unmarked,
 * for another lap, and this one must end.
 */
const MOST_REFUSED: u32 = 8;

/** Of the class that is gone through: blocks for which there was no room. */
let refused: u32 = 0;

const REPLACED: i32 = 0;
const NO_GAIN: i32 = 1;
const NO_ROOM: i32 = 2;

/**
 * Sets the effort of puts, and makes the workspace that `high` needs.
 *
 * @returns OK; LIMIT or GROWTH when the workspace can't be had: the effort stays as it was
 */
export function setEffort(effort: u32): i32 {
  if (effort == EFFORT_HIGH && !makeHighWorkspace()) return lastFailure;
  superblock().effort = effort;
  return STATUS_OK;
}

/**
 * Recompresses up to `budget` pages.
 *
 * @returns how many pages were tried; fewer than `budget` when every page has been, or when there
 *   is no memory for the workspace
 */
export function recompress(budget: u32): u32 {
  forgetPending();
  if (!makeHighWorkspace()) return 0;
  // The loops below keep addresses of zspages.
  suspendDefragmentation(true);
  const tried = recompressFromCursor(budget);
  suspendDefragmentation(false);
  return tried;
}

function recompressFromCursor(budget: u32): u32 {
  const block = superblock();
  const classes = block.classCount - 1;
  const steps = classes * (RECENCY_MASK + 1);
  let step = block.recompressStep;
  let tried: u32 = 0;
  while (step < steps) {
    const recency = step / classes;
    tried += recompressClass(classes - (step % classes), recency, budget - tried);
    // A class whose blocks find no room is left, or the next call would try the same ones again.
    if (tried == budget && !refused) break;
    step++;
    if (tried == budget) break;
  }
  // A lap that ends with the budget shows by the next call, which tries none.
  block.recompressStep = step == steps && tried < budget ? 0 : step;
  return tried;
}

function makeHighWorkspace(): bool {
  const block = superblock();
  if (block.highWorkspaceAddress) return true;
  const bytes = workspaceSize(block.pageSize, EFFORT_HIGH);
  const granules = (bytes + (1 << GRANULE_SHIFT) - 1) >> GRANULE_SHIFT;
  const address = allocateRun(granules);
  if (!address) return false;
  block.highWorkspaceAddress = <u32>address;
  block.tableGranules += granules;
  return true;
}

/** Tries pages of one class that were got `recency` times lately, or less often. */
function recompressClass(classIndex: u32, recency: u32, budget: u32): u32 {
  const record = sizeClass(classIndex);
  let tried: u32 = 0;
  refused = 0;
  for (let group: u32 = 0; group <= FULL_GROUP; group++) {
    let address = load<u32>(groupHead(record, group));
    while (address && tried < budget && refused < MOST_REFUSED) {
      const zspage = changetype<Zspage>(address);
      // A page that moves may empty the zspage, and its record with it.
      const next = zspage.next;
      tried += recompressZspage(zspage, classIndex, recency, budget - tried);
      address = next;
    }
  }
  return tried;
}

function recompressZspage(zspage: Zspage, classIndex: u32, recency: u32, budget: u32): u32 {
  const size = sizeClass(classIndex).size;
  let left: u32 = zspage.used;
  let tried: u32 = 0;
  for (let slot: u32 = 0; left && tried < budget && refused < MOST_REFUSED; slot++) {
    const header = load<u32>(slotAddress(zspage, slot, size));
    if (!(header & USED_TAG)) continue;
    left--;
    const owner: usize = header & ~USED_TAG;
    const entry = load<u64>(owner);
    if (entryToForm(entry) < FORM_RAW || isTried(entry)) continue;
    if (entryToRecency(entry) > recency) continue;
    tried++;
    const outcome = recompressPage(owner, entry, classIndex);
    if (outcome == NO_GAIN) store<u64>(owner, asTried(entry));
    else if (outcome == NO_ROOM) refused++;
  }
  return tried;
}

/** @returns REPLACED, NO_GAIN or NO_ROOM */
function recompressPage(owner: usize, entry: u64, classIndex: u32): i32 {
  const block = superblock();
  if (classIndex < 2) return NO_GAIN;
  const pageSize = block.pageSize;
  let page: usize = block.getWindowAddress;
  const payload = payloadAddress(entry);
  if (entryToForm(entry) == FORM_RAW) page = payload;
  else if (!decompressWith(entryToCodec(entry), page, pageSize, payload, entryToLength(entry))) {
    return NO_GAIN;
  }
  const capacity = min(block.worthLength, classToLength(classIndex - 1));
  const made = compressPage(
    block.blockAddress,
    capacity,
    page,
    pageSize,
    block.highWorkspaceAddress,
    EFFORT_HIGH,
    block.options >> OPTION_CODEC_SHIFT,
  );
  if (!made) return NO_GAIN;
  const form = FORM_BLOCK + (made >> CODEC_SHIFT);
  const isReplaced = replaceObject(owner, form, made & BLOCK_LENGTH_MASK, block.blockAddress);
  return isReplaced ? REPLACED : NO_ROOM;
}
