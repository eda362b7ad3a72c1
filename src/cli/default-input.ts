/**
 * Real data that every machine has, for `zmem estimate` without a path.
 *
 * What: the running Node executable (machine code), source text of the installed packages, and the
 * live heap pages of this process after it has built real objects: an index of all words of that
 * source text. Where the system does not show a process its pages, V8's heap snapshot stands in,
 * and is labelled as the JSON text that it is.
 *
 * Why so: generated data compresses as its author wishes. These three differ as much as the pages
 * of real programs do.
 *
 * Invariants: the heap is copied before the first pool is made (see heap-pages.ts).
 */
import { existsSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { getHeapSnapshot } from "node:v8";
import { copyHeapPages } from "./heap-pages.ts";
import {
  type Complain,
  type Input,
  openBytes,
  openFolders,
  openPath,
  openStream,
} from "./inputs.ts";

const SOURCE_EXTENSIONS = new Set([".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".json", ".md"]);
/** Enough to be representative, and read within a second. */
const MAX_SOURCE_BYTES = 64 * 1024 ** 2;
const MAX_HEAP_BYTES = 256 * 1024 ** 2;
/** Source text that the objects are built from: gives a heap of some 50 MB. */
const INDEXED_BYTES = 6 * 1024 ** 2;

/** Where packages are installed: here, beside zmem, or npm's own beside Node; the first that is. */
function findPackageFolder(): string | null {
  const candidates = [join(process.cwd(), "node_modules")];
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    candidates.push(join(folder, "node_modules"));
    if (dirname(folder) === folder) break;
  }
  const prefix = dirname(dirname(process.execPath));
  candidates.push(
    join(prefix, "lib/node_modules"),
    join(dirname(process.execPath), "node_modules"),
  );
  return candidates.find((folder) => existsSync(folder)) ?? null;
}

/** Where a word stands in the text. */
interface WordEntry {
  readonly word: string;
  count: number;
  readonly lines: { readonly line: number; readonly column: number; readonly before: string }[];
}

/** An index of the words of a text: objects, strings, arrays and a Map, as programs build them. */
function indexWords(text: string): Map<string, WordEntry> {
  const index = new Map<string, WordEntry>();
  for (const [line, content] of text.split("\n").entries()) {
    let before = "";
    for (const match of content.matchAll(/[\p{L}\p{N}_$]+/gu)) {
      const word = match[0];
      let entry = index.get(word);
      if (entry === undefined) {
        entry = { word, count: 0, lines: [] };
        index.set(word, entry);
      }
      entry.count += 1;
      entry.lines.push({ line, column: match.index, before });
      before = word;
    }
  }
  return index;
}

/**
 * The inputs that stand in for a path. Call before any pool exists.
 *
 * @param say takes a sentence on what the inputs are
 */
export async function openDefaultInputs(complain: Complain, say: Complain): Promise<Input[]> {
  const executable = await openPath(await realpath(process.execPath), false, complain);
  const inputs: Input[] = [{ ...executable, label: "Node executable" }];
  const folder = findPackageFolder();
  let text = await readFile(process.argv[1] ?? process.execPath, "latin1").catch(() => "");
  if (folder !== null) {
    const source = await openFolders("source text of packages", [folder], complain, {
      accept: (path) => SOURCE_EXTENSIONS.has(extname(path)),
      maxBytes: MAX_SOURCE_BYTES,
    });
    if (source.bytes > 0) {
      inputs.push(source);
      const start = new Uint8Array(Math.min(source.bytes, INDEXED_BYTES));
      await source.read(0, start);
      text = Buffer.from(start.buffer).toString("utf8");
    }
  }
  const index = indexWords(text);
  const pages = copyHeapPages(MAX_HEAP_BYTES);
  say(
    `no path given, so this is measured: ${process.execPath}; source text in ` +
      `${folder ?? "no folder of packages found"}; this process with an index of ${index.size} words`,
  );
  inputs.push(
    pages === null
      ? openStream("heap snapshot (JSON)", getHeapSnapshot())
      : openBytes("live heap pages", pages),
  );
  return inputs;
}
