/** Blocks for the device suites, from a seed: the same in Node and in the browser. */
import { createRandom } from "./pages.ts";

/** A block of random bytes; another seed or length gives another block. */
export function makeBlock(seed: number, length: number): Uint8Array<ArrayBuffer> {
  const random = createRandom(Math.imul(seed, 0x9e37_79b1) ^ length);
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0; at < words.length; at++) words[at] = random.next();
  return new Uint8Array(words.buffer, 0, length).slice();
}
