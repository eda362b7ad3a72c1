/**
 * Pages of one repeated 8-byte word: found before compression, kept as the word alone.
 *
 * Why so: zero pages and freshly filled buffers are common, and a word in the index entry is
 * cheaper than any block. An 8-byte word covers a repeated byte, u16, u32, f64 and pointer.
 * The usual page is not same-filled, so its last word is compared first: most pages leave there.
 */

/** Bytes compared per round: four vectors, so that one branch serves 64 bytes. */
const ROUND_SIZE: usize = 64;

/**
 * Tells whether a page is one repeated word, which is then `load<u64>(pageAddress)`.
 *
 * @param pageAddress where the page lies, any alignment
 * @param pageSize bytes, a multiple of 64
 */
export function isSameFilled(pageAddress: usize, pageSize: u32): bool {
  const word = load<u64>(pageAddress);
  const end = pageAddress + usize(pageSize);
  if (load<u64>(end - 8) != word) return false;
  const pattern = i64x2.splat(word);
  for (let address = pageAddress; address < end; address += ROUND_SIZE) {
    const first = v128.xor(v128.load(address), pattern);
    const second = v128.xor(v128.load(address, 16), pattern);
    const third = v128.xor(v128.load(address, 32), pattern);
    const fourth = v128.xor(v128.load(address, 48), pattern);
    if (v128.any_true(v128.or(v128.or(first, second), v128.or(third, fourth)))) return false;
  }
  return true;
}

/**
 * Fills a page with one repeated word.
 *
 * @param pageAddress where the page lies, any alignment
 * @param pageSize bytes, a multiple of 64
 */
export function fillPage(pageAddress: usize, pageSize: u32, word: u64): void {
  const pattern = i64x2.splat(word);
  const end = pageAddress + usize(pageSize);
  for (let address = pageAddress; address < end; address += ROUND_SIZE) {
    v128.store(address, pattern);
    v128.store(address, pattern, 16);
    v128.store(address, pattern, 32);
    v128.store(address, pattern, 48);
  }
}
