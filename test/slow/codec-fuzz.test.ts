/**
 * Ten million damaged blocks for the decoder: the samples of test/assembly/codec/decoder.test.ts
 * at full length, over all page sizes.
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fuzzDecoder } from "../assembly/codec/decoder-fuzz.ts";

const SEED = 4_000_000;
const RUNS = [
  [4096, 9_400_000],
  [8192, 300_000],
  [16384, 150_000],
  [32768, 100_000],
  [65536, 50_000],
] as const;

for (const [pageSize, count] of RUNS) {
  test(`${count} damaged blocks of ${pageSize} bytes do no harm (seed ${SEED})`, async () => {
    const report = await fuzzDecoder(count, SEED + pageSize, pageSize);
    assert.ok(report.accepted > 0, "no block was accepted");
    assert.ok(report.accepted < count, "no block was refused");
  });
}

test.run();
