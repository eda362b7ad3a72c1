import { EFFORT_HIGH } from "./codec/effort";
import { CODEC_LZ4, compressWith, decompressWith, workspaceSize } from "./codec/registry";
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
import { superblock } from "./superblock";
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
 * is marked in the entry and not tried again until the page is put anew.
 *
 * One lap goes through the classes from the largest once for each recency, and takes what is as cold
 * as that or colder: whatever cooled down after its turn is taken in the last round. All that is
 * kept between calls is the step of the lap that comes next.
 */

/** Pages that the last call looked at and could not help. */
export let lastRefused: u32 = 0;

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
  lastRefused = 0;
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
    if (tried == budget) break;
    step++;
  }
  block.recompressStep = step == steps ? 0 : step;
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
  for (let group: u32 = 0; group <= FULL_GROUP; group++) {
    let address = load<u32>(groupHead(record, group));
    while (address && tried < budget) {
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
  for (let slot: u32 = 0; left && tried < budget; slot++) {
    const header = load<u32>(slotAddress(zspage, slot, size));
    if (!(header & USED_TAG)) continue;
    left--;
    const owner: usize = header & ~USED_TAG;
    const entry = load<u64>(owner);
    if (entryToForm(entry) < FORM_RAW || isTried(entry)) continue;
    if (entryToRecency(entry) > recency) continue;
    tried++;
    if (recompressPage(owner, entry, classIndex)) continue;
    store<u64>(owner, asTried(entry));
    lastRefused++;
  }
  return tried;
}

/** @returns false when the page stays as it is */
function recompressPage(owner: usize, entry: u64, classIndex: u32): bool {
  const block = superblock();
  if (classIndex < 2) return false;
  const pageSize = block.pageSize;
  let page: usize = block.getWindowAddress;
  const payload = payloadAddress(entry);
  if (entryToForm(entry) == FORM_RAW) page = payload;
  else if (!decompressWith(entryToCodec(entry), page, pageSize, payload, entryToLength(entry))) {
    return false;
  }
  const capacity = min(block.worthLength, classToLength(classIndex - 1));
  const length = compressWith(
    CODEC_LZ4,
    block.blockAddress,
    capacity,
    page,
    pageSize,
    block.highWorkspaceAddress,
    EFFORT_HIGH,
  );
  return length != 0 && replaceObject(owner, FORM_BLOCK + CODEC_LZ4, length, block.blockAddress);
}
