/**
 * The corpora that a page can make by itself, on a host that has none of Node's.
 *
 * What: rendered pixels and random bytes, which are the same bytes in every engine; the page's own
 * script as text; pages that are nearly empty, and a mix of all.
 *
 * Why so: two runs can be compared only on the same bytes. Pixels and random bytes are made by the
 * recipes of Node's corpora, in the size that the reference run had, so that there are verdicts on
 * them; the others can't be made without a file system and stay what they are, data of the same kind.
 */
import {
  checksum,
  type Corpus,
  RUN_BYTES,
  SAMPLE_SEED,
  sampleRuns,
} from "../bench/corpora/corpus.ts";
import { makeRandom, makeSparse } from "../bench/corpora/ends.ts";
import { makeMix } from "../bench/corpora/mix.ts";
import { renderPixels } from "../bench/corpora/pixels.ts";

/** Bytes of a corpus that nothing is to be compared with. */
const USUAL_BYTES = 4 << 20;

/**
 * @param script text, at least a run of it to be a corpus
 * @param sizes bytes that corpora shall have, by their names; multiples of 64 KiB
 */
export function makeCorpora(
  script: Uint8Array,
  sizes: Readonly<Record<string, number>> = {},
): Map<string, Corpus> {
  const corpora = new Map<string, Corpus>();
  const add = (name: string, kind: Corpus["kind"], source: string, bytes: Uint8Array): void => {
    corpora.set(name, toCorpus(name, kind, source, bytes));
  };
  const pixelBytes = sizes["pixels"] ?? USUAL_BYTES;
  const pixels = renderPixels(pixelBytes);
  add("pixels", "real", pixels.source, sampleRuns(pixels.bytes, pixelBytes, SAMPLE_SEED));
  if (script.length >= RUN_BYTES) {
    add("text", "real", "the script of this page", script);
    const sparse = makeSparse(USUAL_BYTES, script);
    add("sparse", "real", sparse.source, sparse.bytes);
  }
  const random = makeRandom(sizes["random"] ?? USUAL_BYTES);
  add("random", "synthetic", random.source, random.bytes);
  const mix = makeMix(USUAL_BYTES, [...corpora.values()]);
  add("mix", "mix", mix.source, mix.bytes);
  return corpora;
}

/** Cut to whole runs. */
export function toCorpus(
  name: string,
  kind: Corpus["kind"],
  source: string,
  all: Uint8Array,
): Corpus {
  const bytes = all.subarray(0, all.length & -RUN_BYTES);
  return { name, kind, source, bytes, checksum: checksum(bytes), deterministic: kind !== "user" };
}
