/**
 * The native side of the codec benches, where this machine can build it: what is timed is liblz4 at
 * its best, and both sides are timed in the same rounds.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { measureCodecAgainstNative } from "../../bench/cases/codec-native.ts";
import { checksum, type Corpus } from "../../bench/corpora/corpus.ts";
import { makeSparse } from "../../bench/corpora/ends.ts";
import { randomBytes } from "../../bench/corpora/random.ts";
import type { Row } from "../../bench/harness/case.ts";
import { measureInTurn, type Task } from "../../bench/harness/measure.ts";
import { pairedRatios, present } from "../../bench/harness/statistics.ts";
import { loadNativeLz4, MODES } from "../../bench/native/build.mjs";
import { buildModule } from "../../bench/peers/codec-module.ts";

const test = suite("bench against native code");

/** Pages that shrink, hardly shrink and don't, in turn. */
function mixedPages(bytes: number): Uint8Array {
  const mixed = makeSparse(bytes, randomBytes(1 << 16, 12)).bytes.slice(0, bytes);
  for (let at = 0; at < bytes; at += 3 << 12) mixed.set(randomBytes(4096, at + 1), at);
  return mixed;
}

test("HC that keeps its state makes the blocks of LZ4_compress_HC, after a failed page too", () => {
  const { addon } = loadNativeLz4();
  if (addon === undefined) return;
  const pages = mixedPages(1 << 20);
  for (const pageSize of [4096, 65536]) {
    const count = pages.length / pageSize;
    const compress = (mode: number, level: number): Uint8Array => {
      const memory = new ArrayBuffer(pages.length * 2 + count * 4);
      new Uint8Array(memory).set(pages);
      const target = [pages.length, pageSize, pages.length * 2, pageSize] as const;
      addon.compressPages(memory, ...target, 0, pageSize, count, mode, level, 2);
      const lengths = new Uint32Array(memory, pages.length * 2);
      if (pageSize === 4096) {
        assert.ok(
          lengths.some((length) => length === 0),
          "some page fails",
        );
      }
      return new Uint8Array(memory);
    };
    for (const level of [9, 4, 12]) {
      const same = Buffer.compare(compress(MODES.hc, level), compress(MODES.hcFresh, level)) === 0;
      assert.ok(same, `pages of ${pageSize}, level ${level}`);
    }
  }
});

test("every ratio is of the same rounds, slow contenders pause in step, and the user's rounds count", async () => {
  const bytes = mixedPages(1 << 18);
  const info = { kind: "real", source: "test", deterministic: true, name: "mixed" } as const;
  const corpus: Corpus = { ...info, checksum: checksum(bytes), bytes };
  const rows: Row[] = [];
  const orders: string[][] = [];
  const module = await WebAssembly.compile(await buildModule("codec"));
  const { isNativeMeasured } = await measureCodecAgainstNative({
    ...{ module, corpora: new Map([["mixed", corpus]]), pageSize: 4096, rounds: 9 },
    record: (row) => void rows.push(row),
    measure: (tasks, options) => {
      const order: string[] = [];
      orders.push(order);
      const watched = tasks.map((task): Task => ({
        ...task,
        prepare: () => void order.push(task.name),
      }));
      const setting = { batchMs: 0.1, ...options, rounds: 9 };
      return measureInTurn(watched, setting, { collect: undefined, pause: async () => {} });
    },
  });
  const find = (figure: string, contender: string): Row["samples"] =>
    rows.find((row) => row.figure === figure && row.contender === contender)?.samples ?? [];
  for (const { figure, contender, samples } of rows) {
    if (figure !== "size") assert.is(samples.length, 9, `${figure}, ${contender}`);
  }
  assert.is(present(find("compress", "zmem default")).length, 9);
  assert.is(present(find("compress", "zmem high")).length, 3);
  if (!isNativeMeasured) return;
  assert.is(pairedRatios(find("compress", "liblz4 hc9"), find("compress", "zmem high")).length, 3);
  const decompressing = orders[1]?.slice(-36) ?? [];
  const predecessors = new Set(
    decompressing.map((name, at) => name === "0" && decompressing[at - 1]),
  );
  assert.ok(predecessors.size > 3, "not always the same other decoder ran before");
});

test.run();
