/**
 * Which list a free run of a given length is kept in.
 *
 * Why so: a run of up to 63 granules (16 KiB, the usual zspage) has a list for its exact length, so
 * that taking the best fit is one bit scan; longer runs share a list per quarter of a power of two,
 * as in two-level segregated fit (Masmano et al., 2004).
 *
 * ```
 * bin       1 .. 63     64 .. 67       68 .. 71      …   136 .. 139
 * granules  1 .. 63     64 .. 127      128 .. 255    …   2^24 .. (all of 4 GiB)
 *           exact       4 per doubling
 * ```
 */

const EXACT_BINS: u32 = 64;
/** Number of bins; bin 0 stays empty. */
export const BIN_COUNT: u32 = 140;
/** No run is that long: the bin search found nothing. */
export const NO_BIN: u32 = BIN_COUNT;

/** The bin whose runs are around `granules` long: exact below 64. */
export function granulesToBin(granules: u32): u32 {
  if (granules < EXACT_BINS) return granules;
  const log2 = 31 - clz(granules);
  return EXACT_BINS + ((log2 - 6) << 2) + ((granules >> (log2 - 2)) & 3);
}

/** The lowest bin of which every run has at least `granules`. */
export function granulesToFittingBin(granules: u32): u32 {
  const bin = granulesToBin(granules);
  if (granules < EXACT_BINS) return bin;
  const log2 = 31 - clz(granules);
  return granules & ((1 << (log2 - 2)) - 1) ? bin + 1 : bin;
}
