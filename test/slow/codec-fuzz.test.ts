/**
 * Ten million damaged LZ4 blocks for the decoder, and two million of each unit of near offsets: the
 * samples of test/assembly/codec/decoder.test.ts at full length, over all page sizes.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fuzzDecoder } from "../assembly/codec/decoder-fuzz.ts";

const SEED = 4_000_000;
const RUNS = [
  ["lz4", 4096, 9_400_000],
  ["lz4", 8192, 300_000],
  ["lz4", 16384, 150_000],
  ["lz4", 32768, 100_000],
  ["lz4", 65536, 50_000],
  ["words", 4096, 1_900_000],
  ["words", 16384, 80_000],
  ["words", 65536, 20_000],
  ["longWords", 4096, 1_900_000],
  ["longWords", 16384, 80_000],
  ["longWords", 65536, 20_000],
] as const;

for (const [name, pageSize, count] of RUNS) {
  const what = `${count} damaged blocks of ${pageSize} bytes, ${name}`;
  test(`${what}, do no harm (seed ${SEED})`, async () => {
    const report = await fuzzDecoder(count, SEED + pageSize, pageSize, name);
    assert.ok(report.accepted > 0, "no block was accepted");
    assert.ok(report.accepted < count, "no block was refused");
  });
}

test.run();
