/**
 * The corpora of the benches, made once and kept under build/corpora.
 *
 * What: `loadCorpora()` gives every corpus by name. All are made by seeded, versioned scripts of
 * what a fresh checkout has; nothing is downloaded.
 *
 * Why so: making them takes about a minute, reading them a second, so each is cached with a
 * manifest; the manifest's key holds all that the bytes depend on (the generators' version, the
 * size asked for, the lock file, Node), and a corpus with another key is made again.
 *
 * Layout: build/corpora/<size in MiB>/<name>.bin and <name>.json.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  checksum,
  uniqueName,
  CORPORA_VERSION,
  type Corpus,
  CorpusError,
  type CorpusKind,
  type RawCorpus,
  RUN_BYTES,
  SAMPLE_SEED,
  sampleRuns,
} from "./corpus.ts";
import { makeRandom, makeSparse } from "./ends.ts";
import { readUserFiles } from "./files.ts";
import { readMachineCode } from "./machine.ts";
import { dumpJavaScriptHeap, dumpPythonHeap } from "./managed-heap.ts";
import { makeMix } from "./mix.ts";
import { renderPixels } from "./pixels.ts";
import { buildDatabase } from "./sqlite.ts";
import { readText, wordsOf } from "./text.ts";
import { dumpWasmHeap } from "./wasm-heap.ts";

export { type Corpus, CorpusError, type CorpusKind } from "./corpus.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Bytes of each corpus unless told otherwise. */
export const DEFAULT_BYTES_EACH = 16 << 20;

/** Corpora in the order of reports. */
export const CORPUS_NAMES = [
  "jsheap",
  "pyheap",
  "sqlite",
  "text",
  "machine",
  "wasmheap",
  "pixels",
  "sparse",
  "random",
  "mix",
] as const;

/** One of the built-in corpora. */
export type CorpusName = (typeof CORPUS_NAMES)[number];

/** What to load. */
export interface CorporaOptions {
  /** Bytes of each, a multiple of 64 KiB; a source that has less gives a shorter corpus. */
  readonly bytesEach?: number;
  /** Bytes of the mix; `bytesEach` unless told otherwise, at most what its parts have. */
  readonly mixBytes?: number;
  /** Which ones; all unless told otherwise. */
  readonly names?: readonly CorpusName[];
  /** Files and directories of the user, each a corpus of its own beside the others. */
  readonly paths?: readonly string[];
  /** Called before a corpus is made anew. */
  readonly onProgress?: (message: string) => void;
  /** Called for an optional corpus that this machine can't make; by default it is left out. */
  readonly onMissing?: (name: string, reason: string) => void;
}

interface Recipe {
  readonly kind: CorpusKind;
  readonly deterministic: boolean;
  /** An optional corpus may fail: it needs something that a fresh checkout hasn't. */
  readonly optional?: boolean;
  /** Whole source; runs are sampled from it, unless the recipe gives runs already. */
  readonly make: (wanted: number, loader: Loader) => RawCorpus | Promise<RawCorpus>;
  readonly isRuns?: boolean;
}

const RECIPES: Readonly<Record<CorpusName, Recipe>> = {
  jsheap: {
    kind: "real",
    deterministic: false,
    make: (wanted, loader) => dumpJavaScriptHeap(wanted, loader.text()),
  },
  pyheap: {
    kind: "real",
    deterministic: false,
    optional: true,
    make: (wanted, loader) => dumpPythonHeap(wanted, loader.text()),
  },
  sqlite: {
    kind: "real",
    deterministic: true,
    make: (wanted, loader) => buildDatabase(wanted, wordsOf(loader.text())),
  },
  text: { kind: "real", deterministic: true, make: () => readText(ROOT) },
  machine: { kind: "real", deterministic: false, make: () => readMachineCode(ROOT) },
  wasmheap: { kind: "real", deterministic: true, make: (wanted) => dumpWasmHeap(ROOT, wanted) },
  pixels: { kind: "real", deterministic: true, make: renderPixels },
  sparse: {
    kind: "real",
    deterministic: true,
    make: async (wanted, loader) => makeSparse(wanted, (await loader.load("sqlite")).bytes),
    isRuns: true,
  },
  random: { kind: "synthetic", deterministic: true, make: makeRandom, isRuns: true },
  mix: {
    kind: "mix",
    deterministic: false,
    make: (wanted, loader) => loader.mix(wanted),
    isRuns: true,
  },
};

/**
 * Loads corpora from the cache, making those that are missing.
 *
 * @returns by name, in the order of CORPUS_NAMES, the user's last
 * @throws CorpusError for a path that can't be read or a corpus that can't be made
 */
export async function loadCorpora(options: CorporaOptions = {}): Promise<Map<string, Corpus>> {
  const bytesEach = options.bytesEach ?? DEFAULT_BYTES_EACH;
  if (!(bytesEach >= RUN_BYTES) || bytesEach % RUN_BYTES !== 0) {
    throw new CorpusError(`bytesEach: expected a multiple of ${RUN_BYTES}, got ${bytesEach}`);
  }
  // What the user named is checked first: it fails at once, not after a minute.
  const users = (options.paths ?? []).map(loadUser);
  const loader = new Loader(options, bytesEach);
  const corpora = new Map<string, Corpus>();
  for (const name of options.names ?? CORPUS_NAMES) {
    const corpus = await loader.tryLoad(name);
    if (corpus !== undefined) corpora.set(name, corpus);
  }
  const taken = new Set<string>(CORPUS_NAMES);
  for (const corpus of users) {
    const name = uniqueName(corpus.name, taken);
    taken.add(name);
    corpora.set(name, { ...corpus, name });
  }
  return corpora;
}

function loadUser(path: string): Corpus {
  const { name, bytes, source } = readUserFiles(path);
  return { name, kind: "user", source, bytes, checksum: checksum(bytes), deterministic: false };
}

class Loader {
  readonly #options: CorporaOptions;
  readonly #bytesEach: number;
  readonly #folder: string;
  readonly #loaded = new Map<string, Corpus>();
  #text: Uint8Array | undefined;

  constructor(options: CorporaOptions, bytesEach: number) {
    this.#options = options;
    this.#bytesEach = bytesEach;
    this.#folder = join(ROOT, "build/corpora", String(bytesEach / (1 << 20)));
  }

  /** Source text, shuffled, that other generators take words and strings from. */
  text(): Uint8Array {
    this.#text ??= sampleRuns(readText(ROOT).bytes, 16 << 20, SAMPLE_SEED);
    return this.#text;
  }

  /** @returns undefined for an optional corpus that can't be made here */
  async tryLoad(name: CorpusName): Promise<Corpus | undefined> {
    try {
      return await this.load(name);
    } catch (error) {
      if (RECIPES[name].optional !== true || !(error instanceof CorpusError)) throw error;
      this.#options.onMissing?.(name, error.message);
      return undefined;
    }
  }

  async load(name: CorpusName): Promise<Corpus> {
    const known = this.#loaded.get(name);
    if (known !== undefined) return known;
    const wanted = name === "mix" ? (this.#options.mixBytes ?? this.#bytesEach) : this.#bytesEach;
    const key = this.#key(name, wanted);
    let corpus = this.#read(name, key);
    if (corpus === undefined) {
      this.#options.onProgress?.(`making the corpus ${name}`);
      corpus = await this.#make(name, wanted);
      this.#write(corpus, key);
    }
    this.#loaded.set(name, corpus);
    return corpus;
  }

  async mix(wanted: number): Promise<RawCorpus> {
    const parts: Corpus[] = [];
    for (const name of CORPUS_NAMES) {
      const part = name === "mix" ? undefined : await this.tryLoad(name);
      if (part !== undefined) parts.push(part);
    }
    return makeMix(wanted, parts);
  }

  async #make(name: CorpusName, wanted: number): Promise<Corpus> {
    const { kind, deterministic, make, isRuns } = RECIPES[name];
    const { bytes: raw, source } = await make(wanted, this);
    const bytes = isRuns ? raw : sampleRuns(raw, wanted, SAMPLE_SEED);
    if (bytes.length === 0) throw new CorpusError(`${name}: its source has less than one run`);
    return { name, kind, source, bytes, checksum: checksum(bytes), deterministic };
  }

  /** All that the bytes depend on. */
  #key(name: CorpusName, wanted: number): string {
    const inputs = [CORPORA_VERSION, name, wanted, process.version, process.platform, process.arch];
    const lock = readFileSync(join(ROOT, "package-lock.json"));
    return createHash("sha256").update(inputs.join()).update(lock).digest("hex").slice(0, 16);
  }

  #read(name: string, key: string): Corpus | undefined {
    const path = join(this.#folder, `${name}.json`);
    if (!existsSync(path)) return undefined;
    const manifest = JSON.parse(readFileSync(path, "utf8")) as Omit<Corpus, "bytes"> & {
      readonly key: string;
    };
    if (manifest.key !== key) return undefined;
    const file = readFileSync(join(this.#folder, `${name}.bin`));
    // Aligned and alone in its buffer, whatever Node's pool did.
    const bytes =
      file.byteOffset === 0 ? new Uint8Array(file.buffer, 0, file.length) : file.slice();
    if (checksum(bytes) !== manifest.checksum) return undefined;
    const { kind, source, deterministic } = manifest;
    return { name, kind, source, bytes, checksum: manifest.checksum, deterministic };
  }

  #write({ bytes, ...manifest }: Corpus, key: string): void {
    mkdirSync(this.#folder, { recursive: true });
    const write = (name: string, content: string | Uint8Array): void => {
      const temporary = join(this.#folder, `${name}.${process.pid}.tmp`);
      writeFileSync(temporary, content);
      renameSync(temporary, join(this.#folder, name));
    };
    write(`${manifest.name}.bin`, bytes);
    write(
      `${manifest.name}.json`,
      `${JSON.stringify({ key, bytes: bytes.length, ...manifest }, null, 2)}\n`,
    );
  }
}
