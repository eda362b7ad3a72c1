/**
 * Where windows begin within 4 KiB of linear memory.
 *
 * Why so: a copy by `rep movsb`, which is what an engine's `set` becomes for a page, takes 20 times
 * as long on AMD Zen 3 where its destination lies 1 to 31 bytes behind its source modulo 4096
 * (2000 ns instead of 100, measured, 2026-11). The large arrays of a program begin at 0 (memories) or
 * 16 (the C library's own mappings), so windows begin elsewhere.
 */
export const WINDOW_ALIGNMENT: usize = 4096;
const WINDOW_PLACE: usize = 64;

/** @returns the first address from `address` on where a window may begin */
export function toWindowAddress(address: usize): usize {
  return ((address - WINDOW_PLACE + WINDOW_ALIGNMENT - 1) & ~(WINDOW_ALIGNMENT - 1)) + WINDOW_PLACE;
}
