/**
 * How long one call can take: the longest put, compaction step and trim of a pool under churn.
 *
 * What: pools of 512 MiB logical whose pages have lengths as in a mix, replaced at random: with no
 * limit, and at a limit that is full, where every put has to find its room in what flushes leave.
 * Each call is timed by itself.
 *
 * Why so: means hide what a program feels; defragmentation and growth happen inside a put. A call
 * during which the system gave the processor to somebody else is left out, and counted.
 */
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { compileInlineSync } from "../../src/platform/inline.ts";
import { instantiator } from "../../src/platform/instantiate.ts";
import { randomBytes, seededRandom, type Random } from "../corpora/random.ts";

/** One line of the table. */
export interface FigureRow {
  readonly figure: string;
  /** What the issue asks for; empty where it asks for nothing. */
  readonly goal: string;
  readonly measured: number;
  readonly unit: string;
}

const PAGE_SIZE = 4096;
const NOISE = randomBytes(1 << 22, 7);
/** Wasm-side batch of ZmemBackend.compact: what runs between two looks at the clock. */
const STEP_OBJECTS = 32;

class Times {
  readonly #all: number[] = [];
  #interrupted = 0;
  /** Runs and times a call. */
  measure<Result>(call: () => Result): Result {
    const before = process.resourceUsage().involuntaryContextSwitches;
    const started = performance.now();
    const result = call();
    const elapsed = performance.now() - started;
    if (process.resourceUsage().involuntaryContextSwitches === before) this.#all.push(elapsed);
    else this.#interrupted++;
    return result;
  }
  rows(figure: string, goal = ""): FigureRow[] {
    const sorted = Float64Array.from(this.#all).sort();
    const at = (share: number): number =>
      (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0) * 1000;
    return [
      { figure: `${figure}, median`, goal: "", measured: at(0.5), unit: "µs" },
      { figure: `${figure}, 999th of 1000`, goal: "", measured: at(0.999), unit: "µs" },
      {
        figure: `${figure}, longest of ${sorted.length} (${this.#interrupted} interrupted)`,
        goal,
        measured: at(1),
        unit: "µs",
      },
    ];
  }
}

/** Bytes of noise in a page: a few very small ones, most around the middle, some raw. */
function randomLength(random: Random): number {
  const choice = random.below(20);
  if (choice === 0) return PAGE_SIZE;
  if (choice < 5) return random.below(400);
  return 200 + random.below(1400) + random.below(1800);
}

/** Measures one pool. @param limitBytes Infinity, or a limit under what the pages need */
export function measureLatency(
  logicalBytes: number,
  limitBytes: number,
  name: string,
): FigureRow[] {
  const backend = new ZmemBackend(instantiator(compileInlineSync()), { limitBytes });
  backend.init(PAGE_SIZE);
  backend.openType(0);
  const random = seededRandom(11);
  const pages = logicalBytes / PAGE_SIZE;
  const page = new Uint8Array(PAGE_SIZE);
  const make = (): void => {
    const length = randomLength(random);
    const begin = random.below(NOISE.length - PAGE_SIZE);
    page.set(NOISE.subarray(begin, begin + length));
    page.fill(0, length);
  };
  for (let key = 0; key < pages; key++) {
    make();
    backend.putPage(0, key, page);
  }
  const puts = new Times();
  const steps = new Times();
  let rejected = 0;
  for (let put = 0; put < pages; put++) {
    make();
    const key = random.below(pages);
    const kept = puts.measure(() => backend.putPage(0, key, page));
    rejected += Number(!kept);
    if (put % 64 !== 0) continue;
    steps.measure(() => backend.compact({ objects: STEP_OBJECTS }));
  }
  for (let key = 0; key < pages; key++) if (random.below(5) !== 0) backend.flushPage(0, key);
  const rest = new Times();
  for (let done = false; !done;) {
    ({ done } = rest.measure(() => backend.compact({ objects: STEP_OBJECTS })));
  }
  return [
    ...puts.rows(`put, ${name}`),
    { figure: `puts rejected, ${name}`, goal: "", measured: rejected / pages, unit: "of all" },
    ...steps.rows(`compaction step of ${STEP_OBJECTS} under churn, ${name}`, "< 1000"),
    ...rest.rows(`compaction step of ${STEP_OBJECTS} after a flush of 80 %, ${name}`, "< 1000"),
  ];
}

function main(): void {
  const logical = Number(process.argv[2] ?? 512) * (1 << 20);
  const rows = [
    ...measureLatency(logical, Infinity, "no limit"),
    ...measureLatency(logical, logical * 0.3, "at a full limit"),
  ];
  for (const { figure, goal, measured, unit } of rows) {
    console.log(`${figure.padEnd(72)} ${measured.toFixed(2).padStart(10)} ${unit} ${goal}`);
  }
}

if (process.argv[1]?.endsWith("latency.ts")) main();
