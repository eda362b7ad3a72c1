/**
 * The linear memory of a wasm program after real work: binaryen with the modules it has read.
 *
 * Why so: C++ objects in a wasm heap (32-bit pointers, dlmalloc headers, vectors) are what a page
 * store in a browser meets most. The program reads SQLite, an LZ4 codec and binaryen itself, which
 * takes about 160 MiB; no thread and no clock is involved, so the memory is the same every time.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CorpusError, type RawCorpus } from "./corpus.ts";

const PROGRAM = fileURLToPath(new URL("wasm-heap-program.mjs", import.meta.url));
const MODULES = ["sql.js/dist/sql-wasm.wasm", "lz4-wasm/lz4_wasm_bg.wasm"];

/** Runs the program and takes its memory, up to the last page that it has touched. */
export async function dumpWasmHeap(root: string, wanted: number): Promise<RawCorpus> {
  const folder = mkdtempSync(join(tmpdir(), "zmem-corpus-"));
  const output = join(folder, "memory");
  const paths = MODULES.map((name) => join(root, "node_modules", name));
  try {
    const programArguments = [PROGRAM, output, String(wanted), ...paths, "own"];
    await promisify(execFile)(process.execPath, programArguments);
    const memory = readFileSync(output);
    let end = memory.length;
    while (end > 0 && memory[end - 1] === 0) end -= 1;
    return {
      bytes: memory.subarray(0, end),
      source: "linear memory of binaryen after reading and optimising SQLite, lz4-wasm and itself",
    };
  } catch (error) {
    throw new CorpusError(`wasmheap: the program that makes it failed: ${String(error)}`, {
      cause: error,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
