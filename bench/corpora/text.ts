/**
 * Source text: the JavaScript and TypeScript of pinned packages.
 *
 * Why so: the packages are there in every checkout, at exact versions, so the corpus is the same
 * everywhere. Only packages that are the same on every platform are read, and files whose lines are
 * as people (or a bundler that keeps lines) write them: data packed into a script is no text.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { concatenate, CorpusError, type RawCorpus } from "./corpus.ts";

/** Packages with much text, pinned by the lock file. */
const PACKAGES: readonly string[] = [
  "@types/node",
  "assemblyscript",
  "chromium-bidi",
  "devtools-protocol",
  "esbuild",
  "fflate",
  "lru-cache",
  "lz4-napi",
  "lz4js",
  "pako",
  "prettier",
  "puppeteer-core",
  "snappy",
  "snappyjs",
  "tsx",
  "typescript",
  "uvu",
  "zod",
];
const TEXT_FILE = /\.(?:js|mjs|cjs|ts|mts|cts|md|json)$/;
const MAX_FILE_BYTES = 4 << 20;
const MAX_LINE_BYTES = 20_000;

/** All text of the packages, in the order of their paths. */
export function readText(root: string): RawCorpus {
  const files: Uint8Array[] = [];
  for (const name of PACKAGES) {
    const folder = join(root, "node_modules", name);
    if (!existsSync(folder)) continue;
    for (const path of listTextFiles(folder)) {
      const bytes = readFileSync(path);
      if (bytes.length <= MAX_FILE_BYTES && longestLine(bytes) <= MAX_LINE_BYTES) files.push(bytes);
    }
  }
  if (files.length === 0) {
    throw new CorpusError("text: expected installed packages in node_modules; run npm ci");
  }
  return { bytes: concatenate(files), source: `scripts of ${PACKAGES.length} pinned packages` };
}

/** The words of a text, for generators that need names; a few tens of thousands. */
export function wordsOf(text: Uint8Array): readonly string[] {
  const sample = new TextDecoder().decode(text.subarray(0, 4 << 20));
  return [...new Set(sample.match(/[A-Za-z]{3,12}/g) ?? ["word"])];
}

function listTextFiles(folder: string): string[] {
  const paths: string[] = [];
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((first, second) => (first.name < second.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") paths.push(...listTextFiles(path));
    else if (entry.isFile() && TEXT_FILE.test(entry.name)) paths.push(path);
  }
  return paths;
}

function longestLine(bytes: Uint8Array): number {
  let longest = 0;
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    longest = Math.max(longest, end - start);
    start = end + 1;
  }
  return Math.max(longest, bytes.length - start);
}
