/**
 * Machine code: the executable segments of Node and of the native tools among the packages.
 *
 * Why so: the Node executable is what every checkout runs on, but its code is under 30 MiB; the
 * compilers written in Go and Rust add different code generators. From an ELF file only segments
 * with the execute permission are taken; from other formats the middle half, which is code mostly.
 * The bytes depend on the platform and on Node's version.
 */
import { existsSync, readFileSync } from "node:fs";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { concatenate, RUN_BYTES, type RawCorpus } from "./corpus.ts";

/** Where platform packages keep their executables; `*` stands for the platform's folder. */
const TOOLS: readonly { readonly scope: string; readonly file: RegExp }[] = [
  { scope: "@typescript", file: /^tsc(?:\.exe)?$/ },
  { scope: "@oxlint", file: /\.node$/ },
  { scope: "@esbuild", file: /^esbuild(?:\.exe)?$/ },
];

/** Executable code of Node and of the installed tools. */
export function readMachineCode(root: string): RawCorpus {
  const paths = [process.execPath];
  for (const { scope, file } of TOOLS) {
    const folder = join(root, "node_modules", scope);
    if (existsSync(folder)) paths.push(...findFiles(folder, file).slice(0, 1));
  }
  const pieces = paths.map((path) => wholeRuns(codeOf(readFileSync(path))));
  return {
    bytes: concatenate(pieces),
    source: `code of Node ${process.version} (${process.platform} ${process.arch}) and ${paths.length - 1} native tools`,
  };
}

function findFiles(folder: string, name: RegExp): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...findFiles(path, name));
    else if (name.test(entry.name)) found.push(path);
  }
  return found.sort();
}

function wholeRuns(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, Math.floor(bytes.length / RUN_BYTES) * RUN_BYTES);
}

const PT_LOAD = 1;
const PF_X = 1;

/** @returns the executable segments of a 64-bit ELF file, the middle half of any other file */
function codeOf(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isElf64 = view.getUint32(0) === 0x7f454c46 && view.getUint8(4) === 2;
  if (!isElf64) return file.subarray(file.length >>> 2, (file.length >>> 2) * 3);
  const little = view.getUint8(5) === 1;
  const table = Number(view.getBigUint64(32, little));
  const entryBytes = view.getUint16(54, little);
  const entries = view.getUint16(56, little);
  const segments: Uint8Array[] = [];
  for (let index = 0; index < entries; index++) {
    const at = table + index * entryBytes;
    const isCode =
      view.getUint32(at, little) === PT_LOAD && (view.getUint32(at + 4, little) & PF_X) !== 0;
    if (!isCode) continue;
    const start = Number(view.getBigUint64(at + 8, little));
    const length = Number(view.getBigUint64(at + 32, little));
    segments.push(file.subarray(start, start + length));
  }
  return concatenate(segments);
}
