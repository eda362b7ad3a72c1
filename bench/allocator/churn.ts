/**
 * Pool efficiency through ten rounds of churn, by how often compaction runs.
 *
 * What: 256 MiB of the mix; each round replaces a random half of the pages by pages cut elsewhere
 * from the same data. `npx tsx bench/allocator/churn.ts [PUTS OBJECTS]` compacts OBJECTS objects
 * after every PUTS puts, and always to the end after a round; without words only then.
 *
 * Why so: held memory never falls without a trim, so what counts is how far holes make it grow
 * before they are closed. Each part of what is held is printed as its share.
 */
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { compileInlineSync } from "../../src/platform/inline.ts";
import { instantiator } from "../../src/platform/instantiate.ts";
import { loadCorpora } from "../corpora/index.ts";
import { seededRandom, shuffle } from "../corpora/random.ts";

const PAGE_SIZE = 4096;
/** As for the case "pool", whose corpora are made already. */
const EACH_BYTES = 32 << 20;
const MIX_BYTES = 256 << 20;
const ROUNDS = 10;
const ROUND_OFFSET = 360;

const every = Number(process.argv[2] ?? 0);
const objects = Number(process.argv[3] ?? 32);
const corpora = await loadCorpora({ bytesEach: EACH_BYTES, mixBytes: MIX_BYTES, names: ["mix"] });
const mix = corpora.get("mix");
if (mix === undefined) throw new Error("the corpus mix is missing");
const { bytes } = mix;
const pages = Math.floor(bytes.length / PAGE_SIZE);
const backend = new ZmemBackend(instantiator(compileInlineSync()));
backend.init(PAGE_SIZE);
backend.openType(0);

function put(key: number, start: number): void {
  if (!backend.putPage(0, key, bytes.subarray(start, start + PAGE_SIZE))) {
    throw new Error(`page ${key} was rejected`);
  }
}

function print(name: string): void {
  const stats = backend.stats();
  const share = (part: number): string => (part / stats.heldBytes).toFixed(4);
  console.log(
    `${name.padEnd(9)} efficiency ${share(stats.payloadBytes)}  free ${share(stats.freeBytes)}  ` +
      `index ${share(stats.indexBytes)}  tables ${share(stats.fixedBytes)}  ` +
      `rounding ${share(stats.objectBytes - stats.payloadBytes)}  ` +
      `tails and holes ${share(stats.zspageBytes - stats.objectBytes)}  ` +
      `held ÷ logical ${(stats.heldBytes / stats.logicalBytes).toFixed(4)}  ` +
      `${stats.movedObjects} objects moved`,
  );
}

for (let key = 0; key < pages; key++) put(key, key * PAGE_SIZE);
print("filled");
const random = seededRandom(41);
for (let round = 1; round <= ROUNDS; round++) {
  const order = shuffle(
    Uint32Array.from({ length: pages - 1 }, (_, place) => place),
    random,
  );
  let at = 0;
  for (let key = 0; key < pages && at < order.length; key++) {
    if (random.below(2) === 0) continue;
    put(key, (order[at++] as number) * PAGE_SIZE + round * ROUND_OFFSET);
    if (every > 0 && at % every === 0) backend.compact({ objects });
  }
  backend.compact();
  print(`round ${round}`);
}
