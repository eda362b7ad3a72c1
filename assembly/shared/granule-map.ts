/**
 * Maps of one bit a granule that lie at a fixed address: the chunk map and, while the supply is
 * rebuilt, the map of what is in use.
 *
 * Bits are written under the supply lock and read without one.
 */

export function setGranule(map: usize, granule: u32): void {
  const address = map + ((granule >> 5) << 2);
  atomic.store<u32>(address, load<u32>(address) | (1 << (granule & 31)));
}

export function clearGranule(map: usize, granule: u32): void {
  const address = map + ((granule >> 5) << 2);
  atomic.store<u32>(address, load<u32>(address) & ~(1 << (granule & 31)));
}

export function isGranuleSet(map: usize, granule: u32): bool {
  return ((atomic.load<u32>(map + ((granule >> 5) << 2)) >> (granule & 31)) & 1) != 0;
}

export function setGranules(map: usize, first: u32, count: u32): void {
  for (let granule = first; granule < first + count; granule++) setGranule(map, granule);
}

/** The first granule from `granule` on whose bit is set, `end` when there is none. */
export function nextGranule(map: usize, granule: u32, end: u32): u32 {
  while (granule < end) {
    const bits = atomic.load<u32>(map + ((granule >> 5) << 2)) >> (granule & 31);
    if (bits) return min(granule + <u32>ctz(bits), end);
    granule = (granule & ~31) + 32;
  }
  return end;
}
