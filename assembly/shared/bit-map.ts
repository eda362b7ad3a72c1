/**
 * Maps of one bit each for things of one size that follow one another: the chunk map, of places for
 * index chunks, and, while the supply is rebuilt, the free map, of granules in use.
 *
 * Bits are written under the supply lock; those of the chunk map, one at a time, are read without.
 */

export function setBit(map: usize, place: u32): void {
  const address = map + ((place >> 5) << 2);
  atomic.store<u32>(address, load<u32>(address) | (1 << (place & 31)));
}

export function clearBit(map: usize, place: u32): void {
  const address = map + ((place >> 5) << 2);
  atomic.store<u32>(address, load<u32>(address) & ~(1 << (place & 31)));
}

export function isBitSet(map: usize, place: u32): bool {
  return ((atomic.load<u32>(map + ((place >> 5) << 2)) >> (place & 31)) & 1) != 0;
}

/** Sets the bits from `first` to before `end`. */
export function setBits(map: usize, first: u32, end: u32): void {
  for (let place = first; place < end; place = (place & ~31) + 32) {
    const address = map + ((place >> 5) << 2);
    store<u32>(address, load<u32>(address) | bitsBetween(place, end));
  }
}

/** Clears the bits from `first` to before `end`. */
export function clearBits(map: usize, first: u32, end: u32): void {
  for (let place = first; place < end; place = (place & ~31) + 32) {
    const address = map + ((place >> 5) << 2);
    store<u32>(address, load<u32>(address) & ~bitsBetween(place, end));
  }
}

/** The bits of the word of `place` from there on, before `end`. */
function bitsBetween(place: u32, end: u32): u32 {
  const count = min(end - place, 32 - (place & 31));
  return ((<u32>-1) >> (32 - count)) << (place & 31);
}

/** The first place from `place` on whose bit is set, `end` when there is none. */
export function nextSetBit(map: usize, place: u32, end: u32): u32 {
  return nextBit(map, place, end, 0);
}

/** The first place from `place` on whose bit is clear, `end` when there is none. */
export function nextClearBit(map: usize, place: u32, end: u32): u32 {
  return nextBit(map, place, end, -1);
}

function nextBit(map: usize, place: u32, end: u32, inverted: u32): u32 {
  while (place < end) {
    const word = atomic.load<u32>(map + ((place >> 5) << 2)) ^ inverted;
    const bits = word >> (place & 31);
    if (bits) return min(place + <u32>ctz(bits), end);
    place = (place & ~31) + 32;
  }
  return end;
}
