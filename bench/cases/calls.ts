/**
 * Case 0: what nothing costs. The empty call through the harness, a call into wasm that does next
 * to nothing, and the copy of a page, which no store can do without.
 */
import { randomBytes } from "../corpora/random.ts";
import type { BenchCase } from "../harness/case.ts";
import type { Task } from "../harness/measure.ts";

const CALLS = 1000;
const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536];

/** `(func (export "f") (param i32) (result i32) local.get 0)` and a memory of 4 wasm pages. */
// prettier-ignore
const IDENTITY_MODULE = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00,
  0x01, 0x06, 0x01, 0x60, 0x01, 0x7f, 0x01, 0x7f,
  0x03, 0x02, 0x01, 0x00,
  0x05, 0x03, 0x01, 0x00, 0x04,
  0x07, 0x09, 0x02, 0x01, 0x66, 0x00, 0x00, 0x01, 0x6d, 0x02, 0x00,
  0x0a, 0x06, 0x01, 0x04, 0x00, 0x20, 0x00, 0x0b,
]);

/** What the loops add up, so that no engine can leave them out. */
let sink = 0;

export const callsCase: BenchCase = {
  name: "calls",
  title: "empty call, call into wasm, copy of a page",
  withoutCorpora: true,
  efforts: ["quick", "full", "all"],
  run: async ({ measure, record }) => {
    const { exports } = await WebAssembly.instantiate(await WebAssembly.compile(IDENTITY_MODULE));
    const identity = exports["f"] as (value: number) => number;
    const window = new Uint8Array((exports["m"] as WebAssembly.Memory).buffer);
    const empty = (value: number): number => value;
    const calls: Task[] = [
      { name: "empty call", operations: CALLS, pass: () => repeat(empty) },
      { name: "call into wasm", operations: CALLS, pass: () => repeat(identity) },
    ];
    const page = randomBytes(65536, 1);
    const copies = PAGE_SIZES.map((pageSize): Task => {
      const source = page.subarray(0, pageSize);
      return {
        name: `copy of ${pageSize}`,
        operations: CALLS,
        pass: () => {
          for (let call = 0; call < CALLS; call++) window.set(source);
        },
      };
    });
    const samples = await measure([...calls, ...copies]);
    for (const { name } of calls) {
      record({ figure: "call", contender: name, unit: "ns", samples: samples.get(name) ?? [] });
    }
    copies.forEach(({ name }, index) => {
      const pageSize = PAGE_SIZES[index] as number;
      record({
        figure: "copy",
        contender: "copy into wasm memory",
        pageSize,
        bytesPerOperation: pageSize,
        unit: "ns",
        samples: samples.get(name) ?? [],
      });
    });
  },
};

function repeat(call: (value: number) => number): void {
  let sum = 0;
  for (let count = 0; count < CALLS; count++) sum += call(count);
  sink += sum;
}
