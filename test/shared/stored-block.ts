/** What `readBlock` of a pool gives, turned into its page again by a decoder that is not ours. */
import lz4 from "lz4js";

/** Bytes of the word that a page of one repeated word is stored as; no LZ4 block of a page is as short. */
const WORD_SIZE = 8;

/** @param page where to; its length is that of a page @returns whether it is a page's block */
export function decodeStored(block: Uint8Array, page: Uint8Array): boolean {
  if (block.length === page.length) page.set(block);
  else if (block.length === WORD_SIZE) {
    for (let at = 0; at < page.length; at += WORD_SIZE) page.set(block, at);
  } else {
    try {
      return lz4.decompressBlock(block, page, 0, block.length, 0) === page.length;
    } catch {
      return false;
    }
  }
  return true;
}
