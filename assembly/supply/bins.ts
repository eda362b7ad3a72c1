import { MOST_ZSPAGE_GRANULES } from "../constants";

/**
 * Which list a free run of a given length is kept in.
 *
 * Why so: a run of up to 255 granules (16 KiB, the longest usual zspage) has a list for its exact
 * length, so that taking the best fit is one bit scan; longer runs share a list per quarter of a
 * power of two, as in two-level segregated fit (Masmano et al., 2004).
 *
 * ```
 * bin       1 .. 255    256 .. 259     260 .. 263     …   324 .. 327
 * granules  1 .. 255    256 .. 511     512 .. 1023    …   2^25 .. (all of 4 GiB)
 *           exact       4 per doubling
 * ```
 */

const EXACT_SHIFT: u32 = 8;
const EXACT_BINS: u32 = 1 << EXACT_SHIFT;
/** Number of bins; bin 0 stays empty. */
export const BIN_COUNT: u32 = 328;
/** No run is that long: the bin search found nothing. */
export const NO_BIN: u32 = BIN_COUNT;
/** Words of 64 bits that hold a bit for each bin. */
export const BIN_MASK_COUNT: u32 = (BIN_COUNT + 63) >> 6;

/** The bin whose runs are around `granules` long: exact below 256. */
export function granulesToBin(granules: u32): u32 {
  if (granules < EXACT_BINS) return granules;
  const log2 = 31 - clz(granules);
  return EXACT_BINS + ((log2 - EXACT_SHIFT) << 2) + ((granules >> (log2 - 2)) & 3);
}

/** The lowest bin of which every run has at least `granules`. */
export function granulesToFittingBin(granules: u32): u32 {
  const bin = granulesToBin(granules);
  if (granules < EXACT_BINS) return bin;
  const log2 = 31 - clz(granules);
  return granules & ((1 << (log2 - 2)) - 1) ? bin + 1 : bin;
}

if (MOST_ZSPAGE_GRANULES >= EXACT_BINS) ERROR("bins: the runs of zspages have no exact ones");
