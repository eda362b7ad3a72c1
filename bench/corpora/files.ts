/**
 * Corpora that the user names: a file, or all files below a directory.
 *
 * Why so: the bytes are taken as they lie, from the start of each file, cut into runs like every
 * corpus; a last piece shorter than a run is dropped, or, when the whole is shorter, filled up with
 * zeros. Links are followed only where the user names one. Of a directory with more than a GiB the
 * rest is left out, and the corpus says so.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { concatenate, CorpusError, RUN_BYTES, type RawCorpus } from "./corpus.ts";

const MAX_BYTES = 1 << 30;

/**
 * @param mostBytes no further file is read after so many
 * @throws CorpusError when the path can't be read or holds no bytes
 */
export function readUserFiles(
  path: string,
  mostBytes = MAX_BYTES,
): RawCorpus & { readonly name: string } {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  let left = 0;
  try {
    const files = statSync(path).isDirectory() ? listFiles(path) : [path];
    for (const file of files) {
      if (bytes > mostBytes) {
        left = files.length - pieces.length;
        break;
      }
      const content = readFileSync(file);
      pieces.push(content);
      bytes += content.length;
    }
  } catch (error) {
    throw new CorpusError(
      `--corpus: expected a readable file or directory, got ${path} (${(error as Error).message})`,
    );
  }
  if (bytes === 0)
    throw new CorpusError(
      `--corpus: expected a file or directory with bytes in it, ${path} is empty`,
    );
  const joined = concatenate(pieces);
  const whole = Math.max(RUN_BYTES, Math.floor(bytes / RUN_BYTES) * RUN_BYTES);
  const padded = new Uint8Array(whole);
  padded.set(joined.subarray(0, whole));
  return {
    name: basename(path),
    bytes: padded,
    source:
      `${pieces.length} file(s) named by the user` +
      (left === 0 ? "" : `, cut: ${left} more left out`),
  };
}

function listFiles(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((first, second) => (first.name < second.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}
