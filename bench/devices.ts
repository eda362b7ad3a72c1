/**
 * Time per page of the swap devices that Node has, by size of cluster, in a fresh file and in one
 * that has churned; and how much file and how many writes the churn takes.
 *
 * `node --import tsx bench/devices.ts [directory] [redis port]`: the directory must be on a disk. The
 * browser's devices are measured by `ZMEM_MEASURE=1 node --import tsx test/browser/devices.test.ts`.
 *
 * Blocks are of 400 to 2,800 bytes, as pages of 4 KiB compress. Medians over rounds.
 */
import { createClient } from "@redis/client";
import type { SlotBlock } from "../src/devices/device.ts";
import { FileSwapDevice } from "../src/devices/file.ts";
import { RedisSwapDevice } from "../src/devices/redis.ts";
import { makeBlock } from "../test/conformance/device-blocks.ts";
import { createRandom } from "../test/conformance/pages.ts";

const SLOTS = 32_768;
const ROUND_PAGES = 2048;
const ROUNDS = 9;
const CLUSTERS = [1, 16, 32, 64];

const random = createRandom(1);
const source = makeBlock(1, 8192);
const makeBlocks = (slots: readonly number[]): SlotBlock[] =>
  slots.map((slot) => {
    const from = random.below(4000);
    return { slot, tag: 1, block: source.subarray(from, from + 400 + random.below(2400)) };
  });

const median = (values: number[]): number =>
  values.sort((a, b) => a - b)[values.length >> 1] as number;

function print(what: string, values: number[]): void {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[0], sorted[sorted.length - 1]] as [number, number];
  console.log(
    `${what.padEnd(36)} ${median(values).toFixed(2)} µs/page (${low.toFixed(2)} to ${high.toFixed(2)})`,
  );
}

/** Distinct random slots, as the coldest pages of a pool have. */
function pickSlots(count: number): number[] {
  const slots = new Set<number>();
  while (slots.size < count) slots.add(random.below(SLOTS));
  return [...slots];
}

function measureFile(directory: string): void {
  for (const size of CLUSTERS) {
    const device = new FileSwapDevice({ directory });
    const fresh: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const clusters = Array.from({ length: ROUND_PAGES / size }, (_, index) =>
        makeBlocks(
          Array.from(
            { length: size },
            (_unused, at) => (round * ROUND_PAGES + index * size + at) * 9,
          ),
        ),
      );
      const started = performance.now();
      for (const cluster of clusters) device.writeCluster(cluster);
      fresh.push(((performance.now() - started) * 1000) / ROUND_PAGES);
    }
    print(`file, clusters of ${size}, fresh`, fresh);
    const into = new Uint8Array(4096);
    const readRounds = size === 64 ? ROUNDS : 0;
    const reads: number[] = [];
    for (let round = 0; round < readRounds; round++) {
      const started = performance.now();
      for (let read = 0; read < ROUND_PAGES; read++) {
        device.read(((read * 7919) % (ROUNDS * ROUND_PAGES)) * 9, into);
      }
      reads.push(((performance.now() - started) * 1000) / ROUND_PAGES);
    }
    if (reads.length > 0) print("file, read", reads);
    device.close();
    measureChurn(directory, size);
  }
}

/** Half of the slots filled, replaced again and again at random. */
function measureChurn(directory: string, size: number): void {
  const device = new FileSwapDevice({ directory });
  const times: number[] = [];
  const held: number[] = [];
  for (let round = 0; round < 40; round++) {
    let ms = 0;
    for (let written = 0; written < ROUND_PAGES; written += size) {
      const cluster = makeBlocks(pickSlots(size));
      const started = performance.now();
      device.writeCluster(cluster);
      ms += performance.now() - started;
      for (const { slot } of cluster) held.push(slot);
      while (device.pages > SLOTS / 2) {
        const at = random.below(held.length);
        device.discard(held[at] as number);
        held[at] = held[held.length - 1] as number;
        held.pop();
      }
    }
    if (round >= 40 - ROUNDS) times.push((ms * 1000) / ROUND_PAGES);
  }
  print(`file, clusters of ${size}, churned`, times);
  const { fileBytes, usedBytes } = device;
  console.log(`  file ${(fileBytes / usedBytes).toFixed(2)} times its content`);
  device.close();
}

async function measureRedis(port: number): Promise<void> {
  const client = createClient({ socket: { host: "127.0.0.1", port } });
  await client.connect();
  for (const size of CLUSTERS) {
    const device = new RedisSwapDevice({ client });
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const clusters = Array.from({ length: 512 / size }, (_, index) =>
        makeBlocks(Array.from({ length: size }, (_unused, at) => round * 512 + index * size + at)),
      );
      const started = performance.now();
      for (const cluster of clusters) await device.writeCluster(cluster);
      times.push(((performance.now() - started) * 1000) / 512);
    }
    print(`redis, clusters of ${size}, one by one`, times);
    if (size === 64) {
      for (const atOnce of [1, 32]) {
        const reads: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const started = performance.now();
          for (let read = 0; read < 512; read += atOnce) {
            await Promise.all(
              Array.from({ length: atOnce }, (_, at) => device.read((read + at) * 5)),
            );
          }
          reads.push(((performance.now() - started) * 1000) / 512);
        }
        print(`redis, reads, ${atOnce} at once`, reads);
      }
    }
    await device.close();
  }
  client.destroy();
}

const [directory = ".", port] = process.argv.slice(2);
measureFile(directory);
if (port !== undefined) await measureRedis(Number(port));
