/**
 * The seeded mix: runs of 64 KiB of every kind in random order, as a memory holds them that serves
 * many purposes. Eighteen runs of each real kind to six of random bytes; random stands for media,
 * keys and what is compressed already.
 *
 * Invariant: no run of a corpus is taken twice, so a mix can't be larger than its parts.
 */
import { CorpusError, RUN_BYTES, type Corpus, type RawCorpus } from "./corpus.ts";
import { seededRandom, shuffle } from "./random.ts";

const REAL_SHARE = 18;
const RANDOM_SHARE = 6;

/** @param parts the corpora to mix; those called "random" get the small share */
export function makeMix(wanted: number, parts: readonly Corpus[]): RawCorpus {
  if (parts.length === 0) throw new CorpusError("mix: expected at least one corpus to mix");
  const shares = parts.map(({ name }) => (name === "random" ? RANDOM_SHARE : REAL_SHARE));
  const total = shares.reduce((sum, share) => sum + share, 0);
  const wantedRuns = Math.floor(wanted / RUN_BYTES);
  const runs: Uint8Array[] = [];
  parts.forEach(({ bytes }, part) => {
    const share = Math.floor((wantedRuns * (shares[part] as number)) / total);
    const count = Math.min(share, Math.floor(bytes.length / RUN_BYTES));
    for (let run = 0; run < count; run++) {
      runs.push(bytes.subarray(run * RUN_BYTES, (run + 1) * RUN_BYTES));
    }
  });
  shuffle(runs, seededRandom(7));
  const bytes = new Uint8Array(runs.length * RUN_BYTES);
  runs.forEach((run, index) => bytes.set(run, index * RUN_BYTES));
  return { bytes, source: `runs of 64 KiB of ${parts.map(({ name }) => name).join(", ")}` };
}
