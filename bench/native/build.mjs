/**
 * Builds the native side of the codec benches, where that is possible: cc, liblz4 with its headers,
 * and Node's own headers beside the executable. Where one is missing the reason is returned and the
 * benches say "not measured"; nothing is downloaded.
 *
 * Run directly it prints what it did: `node bench/native/build.mjs`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, renameSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(HERE, "lz4-addon.c");
const OUTPUT_DIRECTORY = join(HERE, "../../build/native");
const FLAGS = ["-O3", "-shared", "-fPIC"];

/** What `compressPages` calls, by the numbers of lz4-addon.c. */
export const MODES = { default: 0, fast: 1, hc: 2, hcFresh: 3 };

/**
 * Builds the addon unless a build newer than its source exists, and loads it.
 *
 * @returns {{ addon: object, reason: undefined } | { addon: undefined, reason: string }} the addon,
 *   or why there is none
 */
export function loadNativeLz4() {
  const output = join(OUTPUT_DIRECTORY, `lz4-${process.version}-${process.arch}.node`);
  if (!existsSync(output) || statSync(output).mtimeMs < statSync(SOURCE).mtimeMs) {
    const reason = compile(output);
    if (reason !== undefined) return { addon: undefined, reason };
  }
  try {
    return { addon: createRequire(import.meta.url)(output), reason: undefined };
  } catch (error) {
    return { addon: undefined, reason: `the addon does not load: ${error.message}` };
  }
}

/** @returns {string | undefined} why the addon could not be compiled */
function compile(output) {
  const include = join(dirname(realpathSync(process.execPath)), "..", "include", "node");
  if (!existsSync(join(include, "node_api.h")))
    return `no node_api.h beside Node (${process.version})`;
  mkdirSync(OUTPUT_DIRECTORY, { recursive: true });
  const compiler = process.env.CC ?? "cc";
  const version = spawnSync(compiler, ["--version"], { encoding: "utf8" });
  if (version.error || version.status !== 0) return `no C compiler (${compiler})`;
  const description = `${version.stdout.split("\n")[0]} ${FLAGS[0]}`;
  const temporary = `${output}.${process.pid}`;
  const { status, stderr } = spawnSync(
    compiler,
    [...FLAGS, `-DADDON_FLAGS="${description}"`, `-I${include}`, SOURCE, "-o", temporary, "-llz4"],
    { encoding: "utf8" },
  );
  if (status !== 0) return `cc failed (liblz4-dev installed?): ${stderr.split("\n")[0]}`;
  renameSync(temporary, output);
  return undefined;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { addon, reason } = loadNativeLz4();
  console.log(
    addon ? `liblz4 ${addon.version()}, addon by ${addon.flags()}` : `not built: ${reason}`,
  );
}
