/**
 * Compiles assembly/ as the release build does, for benches and tests that reach inside: the codec by
 * itself, the whole module with its inner functions exported, and the module as it ships but without
 * recency. The testing build has inner functions, too, but with checks that cost time.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { hashFiles, listFiles, ROOT } from "../../scripts/sources.mjs";

/** Entry, and what else the compiler is told. */
const MODULES = {
  codec: ["assembly/codec/testing.ts"],
  inner: ["assembly/testing.ts"],
  "no-recency": ["assembly/index.ts", "--use", "ZMEM_NO_RECENCY=1"],
} as const;

/**
 * Compiles a module unless its sources are as they were.
 *
 * @returns its bytes
 */
export async function buildModule(name: keyof typeof MODULES): Promise<Uint8Array<ArrayBuffer>> {
  const output = join(ROOT, `build/zmem.bench-${name}.wasm`);
  const stamp = `${output}.stamp`;
  const hash = hashFiles([
    ...listFiles("assembly"),
    "asconfig.base.json",
    "node_modules/assemblyscript/package.json",
  ]);
  if (!existsSync(output) || !existsSync(stamp) || readFileSync(stamp, "utf8") !== hash) {
    mkdirSync(join(ROOT, "build"), { recursive: true });
    const temporary = `build/zmem.bench-${name}.${process.pid}.tmp.wasm`;
    const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");
    const options = [...MODULES[name], "--config", "asconfig.base.json", "--outFile", temporary];
    await promisify(execFile)(process.execPath, [asc, ...options], { cwd: ROOT });
    renameSync(join(ROOT, temporary), output);
    writeFileSync(stamp, hash);
  }
  return new Uint8Array(readFileSync(output));
}
