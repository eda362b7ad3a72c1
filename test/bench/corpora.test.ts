/**
 * Corpora: that seeds give the same bytes on every machine, that no run is used twice, and what
 * happens with paths of the user that can't be used.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  checksum,
  type Corpus,
  CorpusError,
  RUN_BYTES,
  sampleRuns,
} from "../../bench/corpora/corpus.ts";
import { makeRandom, makeSparse } from "../../bench/corpora/ends.ts";
import { readUserFiles } from "../../bench/corpora/files.ts";
import { loadCorpora } from "../../bench/corpora/index.ts";
import { dumpPythonHeap } from "../../bench/corpora/managed-heap.ts";
import { makeMix } from "../../bench/corpora/mix.ts";
import { renderPixels } from "../../bench/corpora/pixels.ts";
import { randomBytes, seededRandom, shuffle } from "../../bench/corpora/random.ts";
import { buildDatabase } from "../../bench/corpora/sqlite.ts";
import { readProcessMemory } from "../../bench/corpora/process-memory.ts";
import { isSameFilled } from "../../bench/harness/pages.ts";

const test = suite("bench corpora");
const MIB = 1 << 20;
const folder = mkdtempSync(join(tmpdir(), "zmem-bench-"));

test.after(() => rmSync(folder, { recursive: true, force: true }));

test("the generator of chance gives the sequence that it gave when the figures were made", () => {
  const random = seededRandom(2010);
  assert.equal([random.bits(), random.bits(), random.bits()], GOLDEN_BITS);
  const other = seededRandom(2011);
  assert.is.not(other.bits(), GOLDEN_BITS[0]);
});

test("draws below a limit cover it evenly", () => {
  const random = seededRandom(3);
  const counts = [0, 0, 0, 0, 0];
  for (let draw = 0; draw < 10_000; draw++) counts[random.below(5)]! += 1;
  for (const count of counts) assert.ok(count > 1850 && count < 2150, counts.join());
});

test("shuffling keeps every item once", () => {
  const items = shuffle(
    Uint32Array.from({ length: 1000 }, (_, at) => at),
    seededRandom(4),
  );
  assert.is.not(items.slice(0, 10).join(), "0,1,2,3,4,5,6,7,8,9");
  assert.equal(
    [...items].sort((a, b) => a - b),
    Array.from({ length: 1000 }, (_, at) => at),
  );
});

test("rendered pixels are the same in every engine", () => {
  const { bytes } = renderPixels(MIB);
  assert.is(checksum(bytes), GOLDEN_PIXELS);
});

test("random bytes are the same in every engine, and sparse pages follow from their material", () => {
  assert.is(checksum(makeRandom(MIB).bytes), GOLDEN_RANDOM);
  const material = randomBytes(MIB, 9);
  const first = makeSparse(MIB, material).bytes;
  assert.is(checksum(first), checksum(makeSparse(MIB, material).bytes));
  const zeroPages = Array.from({ length: MIB / 4096 }, (_, page) =>
    isSameFilled(first.subarray(page * 4096, (page + 1) * 4096)),
  ).filter(Boolean).length;
  assert.ok(zeroPages > 15 && zeroPages < 70, `${zeroPages} of 256 pages are zero`);
});

test("the database is built alike every time", async () => {
  const words = ["alpha", "beta", "gamma", "delta", "epsilon"];
  const [first, second] = [await buildDatabase(MIB, words), await buildDatabase(MIB, words)];
  assert.is(checksum(first.bytes), checksum(second.bytes));
  assert.ok(first.bytes.length >= MIB);
  assert.is(new TextDecoder().decode(first.bytes.subarray(0, 15)), "SQLite format 3");
});

test("a checksum sees every byte and every order", () => {
  const bytes = randomBytes(1000, 1);
  const whole = checksum(bytes);
  for (const at of [0, 1, 499, 996, 999]) {
    const changed = bytes.slice();
    changed[at]! ^= 1;
    assert.is.not(checksum(changed), whole, `byte ${at}`);
  }
  const swapped = bytes.slice();
  swapped.copyWithin(0, 4, 8);
  assert.is.not(checksum(swapped), whole);
  assert.is(checksum(new Uint8Array([0, ...bytes]).subarray(1)), whole, "unaligned");
});

test("runs are taken whole, in a seeded order, none twice", () => {
  const source = new Uint8Array(20 * RUN_BYTES + 100);
  for (let run = 0; run < 20; run++) source.fill(run + 1, run * RUN_BYTES, (run + 1) * RUN_BYTES);
  const sample = sampleRuns(source, 12 * RUN_BYTES, 1);
  assert.is(sample.length, 12 * RUN_BYTES);
  const seen = new Set<number>();
  for (let run = 0; run < 12; run++) {
    const bytes = sample.subarray(run * RUN_BYTES, (run + 1) * RUN_BYTES);
    assert.ok(bytes.every((byte) => byte === bytes[0]));
    seen.add(bytes[0] as number);
  }
  assert.is(seen.size, 12);
  assert.is(sampleRuns(source, 1e9, 1).length, 20 * RUN_BYTES, "no more than there is");
});

test("the mix takes no run twice, and random data a third of another's share", () => {
  const part = (name: string, first: number): Corpus => {
    const bytes = new Uint8Array(60 * RUN_BYTES);
    const words = new Uint32Array(bytes.buffer);
    for (let run = 0; run < 60; run++) words[(run * RUN_BYTES) / 4] = first + run;
    return { name, kind: "real", source: "", bytes, checksum: "", deterministic: true };
  };
  const { bytes } = makeMix(70 * RUN_BYTES, [
    part("a", 1000),
    part("b", 2000),
    part("random", 3000),
  ]);
  const words = new Uint32Array(bytes.buffer);
  const heads = Array.from(
    { length: bytes.length / RUN_BYTES },
    (_, run) => words[(run * RUN_BYTES) / 4],
  );
  assert.is(new Set(heads).size, heads.length);
  const share = (from: number): number =>
    heads.filter((h = 0) => h >= from && h < from + 60).length;
  assert.equal([share(1000), share(2000), share(3000)], [30, 30, 10]);
});

const onLinux = process.platform === "linux" ? test : test.skip;

onLinux("the memory of a process holds what the process has", () => {
  const marker = new Uint8Array(MIB);
  const pattern = randomBytes(64, 77);
  for (let at = 0; at < MIB; at += 64) marker.set(pattern, at);
  const memory = Buffer.from(readProcessMemory(process.pid));
  assert.ok(memory.length > MIB);
  const twice = Buffer.concat([pattern, pattern]);
  assert.ok(memory.includes(twice), "a megabyte of a known pattern is in it");
  assert.is(marker.length, MIB, "used up to here, so that it was not collected");
});

const withPython = spawnSync("python3", ["-c", ""]).status === 0 ? onLinux : test.skip;

withPython(
  "the dump of a Python heap is as large whatever the process that asks holds",
  async () => {
    const ballast = new Uint8Array(256 * MIB).fill(1);
    const text = new TextEncoder().encode(
      "the heap of a program with some words in it ".repeat(999),
    );
    const { bytes } = await dumpPythonHeap(MIB, text);
    // The program stops at 1.1 times 96 MiB above its own start.
    assert.ok(bytes.length > 96 * MIB && bytes.length < 160 * MIB, `${bytes.length} bytes`);
    assert.is(ballast.length, 256 * MIB, "held up to here");
  },
);

test("a user's file or folder becomes a corpus, its end cut or filled to a whole run", async () => {
  const file = join(folder, "one");
  writeFileSync(file, randomBytes(RUN_BYTES * 2 + 5, 1));
  mkdirSync(join(folder, "many/deep"), { recursive: true });
  writeFileSync(join(folder, "many/deep/a"), "hello ");
  writeFileSync(join(folder, "many/b"), "world");
  const corpora = await loadCorpora({ names: [], paths: [file, join(folder, "many")] });
  assert.is(corpora.get("one")?.bytes.length, 2 * RUN_BYTES);
  const many = corpora.get("many");
  assert.is(many?.bytes.length, RUN_BYTES);
  const text = new TextDecoder().decode(many?.bytes.subarray(0, 12));
  assert.is(text, "worldhello \0", "files in the order of their names");
});

test("a corpus never takes the place of another of its name", async () => {
  const paths = ["first", "second", "third"].map((name) => join(folder, name, "data"));
  paths.push(join(folder, "first", "random"));
  for (const [index, path] of paths.entries()) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${index}`);
  }
  const corpora = await loadCorpora({ names: ["random"], bytesEach: MIB, paths });
  assert.equal([...corpora.keys()], ["random", "data", "data-2", "data-3", "random-2"]);
  const firstBytes = [...corpora.values()].slice(1).map(({ bytes }) => bytes[0]);
  assert.equal(firstBytes, [0x30, 0x31, 0x32, 0x33]);
  assert.is(corpora.get("data-2")?.name, "data-2");
});

test("a folder that is too large is cut, and says so", () => {
  const large = join(folder, "large");
  mkdirSync(large);
  for (const name of ["a", "b", "c", "d"]) writeFileSync(join(large, name), new Uint8Array(100));
  assert.is(readUserFiles(large).source, "4 file(s) named by the user");
  const { source } = readUserFiles(large, 150);
  assert.is(source, "2 file(s) named by the user, cut: 2 more left out");
});

test("paths that can't be used are clear errors", async () => {
  const expectError = async (path: string, pattern: RegExp): Promise<void> => {
    try {
      await loadCorpora({ names: [], paths: [path] });
      assert.unreachable(path);
    } catch (error) {
      assert.instance(error, CorpusError);
      assert.match((error as Error).message, pattern);
      assert.ok((error as Error).message.includes(path));
    }
  };
  await expectError(join(folder, "nowhere"), /expected a readable file or directory/);
  mkdirSync(join(folder, "empty"));
  await expectError(join(folder, "empty"), /is empty/);
  writeFileSync(join(folder, "nothing"), "");
  await expectError(join(folder, "nothing"), /is empty/);
});

test("a size that is no number of runs is refused", async () => {
  for (const bytesEach of [0, 1000, RUN_BYTES + 1, Number.NaN]) {
    try {
      await loadCorpora({ names: ["random"], bytesEach });
      assert.unreachable(String(bytesEach));
    } catch (error) {
      assert.match((error as Error).message, /expected a multiple of 65536/);
    }
  }
});

test("a cached corpus is read back as it was made", async () => {
  const made = await loadCorpora({ names: ["random"], bytesEach: MIB });
  const progress: string[] = [];
  const read = await loadCorpora({
    names: ["random"],
    bytesEach: MIB,
    onProgress: (message) => void progress.push(message),
  });
  assert.equal(progress, []);
  assert.is(read.get("random")?.checksum, made.get("random")?.checksum);
  assert.is(checksum(read.get("random")?.bytes as Uint8Array), GOLDEN_RANDOM);
});

// Figures of other machines are comparable as long as these hold; a change raises CORPORA_VERSION.
const GOLDEN_BITS = [173683134, 1114177707, 2374542715];
const GOLDEN_PIXELS = "f0bed356";
const GOLDEN_RANDOM = "03fe6dbc";

test.run();
