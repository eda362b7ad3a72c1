/** What `readBlock` of a pool gives, turned into its page again by the decoder that tests compare with. */
import type { PageBlock } from "../../src/index.ts";
import { decodeBlock } from "../assembly/codec/reference-decoder.ts";

/** @param page where to; its length is that of a page @returns whether it is a page's block */
export function decodeStored({ form, codec, block }: PageBlock, page: Uint8Array): boolean {
  if (codec !== null) {
    const decoded = decodeBlock(block, page.length, codec);
    if (decoded === undefined) return false;
    page.set(decoded);
  } else if (form === "raw") page.set(block);
  else for (let at = 0; at < page.length; at += block.length) page.set(block, at);
  return true;
}
