/**
 * Live heaps of managed runtimes: JavaScript (V8) and, where there is a python3, Python.
 *
 * What: starts a program that builds state, waits until it is ready, and takes its memory.
 *
 * Why so: these are the pages that a program's own caches are made of. The memory is read from
 * outside on Linux; elsewhere the JavaScript heap is its snapshot, which is JSON text and labelled
 * so, and there is no Python heap. Addresses are random, so no two dumps are equal.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CorpusError, type RawCorpus } from "./corpus.ts";
import { readProcessMemory } from "./process-memory.ts";

const TEXT_BYTES = 3 << 20;
/** Below this the runtime's own memory would be a large part of what is read. */
const MIN_STATE_BYTES = 96 << 20;

/** The heap of a Node process. @param text what its program reads and cuts strings from */
export async function dumpJavaScriptHeap(wanted: number, text: Uint8Array): Promise<RawCorpus> {
  const program = fileURLToPath(new URL("js-heap-program.mjs", import.meta.url));
  const flags = ["--expose-gc", "--max-old-space-size=4096"];
  const engine = `Node ${process.version}`;
  return withScratch(text, async (folder, textPath) => {
    const programArguments = [...flags, program, stateBytes(wanted), textPath];
    if (process.platform === "linux") {
      const bytes = await whileReady(process.execPath, programArguments, readProcessMemory);
      return {
        bytes,
        source: `resident heap of a ${engine} process: syntax trees, records, a cache`,
      };
    }
    const snapshot = join(folder, "heap.heapsnapshot");
    const bytes = await whileReady(process.execPath, [...programArguments, snapshot], () =>
      readFileSync(snapshot),
    );
    return { bytes, source: `heap snapshot (JSON text, not memory) of a ${engine} process` };
  });
}

/** The heap of a Python process. @throws CorpusError where there is no python3 or no /proc */
export async function dumpPythonHeap(wanted: number, text: Uint8Array): Promise<RawCorpus> {
  if (process.platform !== "linux") {
    throw new CorpusError("pyheap: the memory of a process can be read on Linux only");
  }
  const program = fileURLToPath(new URL("python-heap-program.py", import.meta.url));
  return withScratch(text, async (_, textPath) => {
    const bytes = await whileReady(
      "python3",
      [program, stateBytes(wanted), textPath],
      readProcessMemory,
    );
    return { bytes, source: "resident heap of a Python process: syntax trees, objects, records" };
  });
}

function stateBytes(wanted: number): string {
  return String(Math.max(MIN_STATE_BYTES, Math.ceil(wanted * 1.3)));
}

async function withScratch(
  text: Uint8Array,
  work: (folder: string, textPath: string) => Promise<RawCorpus>,
): Promise<RawCorpus> {
  const folder = mkdtempSync(join(tmpdir(), "zmem-corpus-"));
  try {
    const textPath = join(folder, "text");
    writeFileSync(textPath, text.subarray(0, TEXT_BYTES));
    return await work(folder, textPath);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts a program, calls `read` with its process id once it says "ready", and ends it. */
function whileReady(
  command: string,
  programArguments: readonly string[],
  read: (pid: number) => Uint8Array,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, programArguments, { stdio: ["pipe", "pipe", "pipe"] });
    let result: Uint8Array | undefined;
    let failure: unknown;
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
    child.stdout.once("data", () => {
      try {
        result = read(child.pid as number);
      } catch (error) {
        failure = error;
      }
      child.stdin.end();
    });
    child.stdin.on("error", () => {});
    child.on("error", (error) => {
      reject(new CorpusError(`could not start ${command}: ${error.message}`, { cause: error }));
    });
    child.on("close", (code) => {
      if (result !== undefined) resolve(result);
      else
        reject(
          new CorpusError(`${command} ended with code ${code}: ${said.trim()}`, { cause: failure }),
        );
    });
  });
}
