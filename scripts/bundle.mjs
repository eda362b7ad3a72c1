/**
 * Turns src/ into what the package ships: bundles by esbuild, declarations by tsc.
 *
 * What: dist/index.js (wasm inline), dist/index.core.js (wasm by URL, bytes, Response or Module),
 * dist/index.node.js and dist/index.browser.js (swap devices), dist/cli.js, dist/zmem.wasm,
 * dist/types.
 *
 * Why so: the loader is bundled, so the package has no dependency at run time; its notice stays
 * in the bundle, as its licence asks. The two library entries are minified because pages download
 * them; the command line is not, because its stack traces are read by people. Only the
 * declarations that the entries reach are shipped.
 *
 * Invariants: dist/ holds nothing but the files named here, so a file of yesterday's build can't
 * slip into the package. A stamp over all sources makes a second build do nothing, which also
 * keeps two test runs in one checkout out of each other's way.
 */
import { execFile } from "node:child_process";
import { build } from "esbuild";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { hashFiles, listFiles, readOrNull, ROOT } from "./sources.mjs";

const NOTICE = "/*! zmem, MIT License. */";
const NOTICE_WITH_LOADER =
  "/*! zmem, MIT License. Contains @assemblyscript/loader, Apache License 2.0, " +
  "Copyright the AssemblyScript authors; see THIRD_PARTY.md. */";

/** What a build may weigh. Issue 2 sets them; later issues may spend up to 48 KiB of wasm. */
export const LIMITS = [
  { file: "dist/zmem.wasm", gzip: false, bytes: 24 * 1024 },
  { file: "dist/index.js", gzip: true, bytes: 40 * 1024 },
];

/** The bundles: entry in src/, output in dist/, where they run, and what stands at their top. */
export const BUNDLES = [
  {
    entry: "src/index.ts",
    output: "index.js",
    platform: "neutral",
    minify: true,
    banner: NOTICE_WITH_LOADER,
  },
  {
    entry: "src/index.core.ts",
    output: "index.core.js",
    platform: "neutral",
    minify: true,
    banner: NOTICE_WITH_LOADER,
  },
  {
    entry: "src/index.node.ts",
    output: "index.node.js",
    platform: "node",
    minify: false,
    banner: NOTICE,
  },
  {
    entry: "src/index.browser.ts",
    output: "index.browser.js",
    platform: "browser",
    minify: true,
    banner: NOTICE,
  },
  {
    entry: "src/cli.ts",
    output: "cli.js",
    platform: "node",
    minify: false,
    banner: `#!/usr/bin/env node\n${NOTICE_WITH_LOADER}`,
  },
];

/** Bundles all entries, unless nothing has changed. @throws when esbuild or tsc finds an error */
export async function buildDist() {
  const stamp = join(ROOT, "build/dist.stamp");
  const hash = hashFiles([
    ...listFiles("src"),
    ...listFiles("scripts"),
    "build/zmem.wasm",
    "build/inline-wasm.ts",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "package-lock.json",
  ]);
  if (readOrNull("build/dist.stamp") === hash && isComplete()) return;
  rmSync(stamp, { force: true });
  await bundleAll();
  writeFileSync(stamp, hash);
}

function isComplete() {
  const wanted = [...BUNDLES.map(({ output }) => output), "zmem.wasm", "types/index.d.ts"];
  return wanted.every((name) => existsSync(join(ROOT, "dist", name)));
}

async function bundleAll() {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  await Promise.all([
    ...BUNDLES.map(({ entry, output, platform, minify, banner }) =>
      build({
        absWorkingDir: ROOT,
        entryPoints: [entry],
        outfile: `dist/${output}`,
        bundle: true,
        format: "esm",
        platform,
        // "neutral" looks at no main field; the loader names its ES module in `exports` only.
        target: ["es2022", "node20.19"],
        minify,
        legalComments: "inline",
        banner: { js: banner },
        define: { __ZMEM_VERSION__: JSON.stringify(version) },
      }),
    ),
    buildDeclarations(),
  ]);
  copyFileSync(join(ROOT, "build/zmem.wasm"), join(ROOT, "dist/zmem.wasm"));
  removeStrangers();
}

/** Only dist/types of the entries: tsc emits under the root's layout, we ship the src/ part. */
async function buildDeclarations() {
  const scratch = join(ROOT, "build/types");
  rmSync(scratch, { recursive: true, force: true });
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  try {
    await promisify(execFile)(tsc, ["-p", "tsconfig.build.json"], { cwd: ROOT });
  } catch (error) {
    process.stderr.write(String(error.stdout ?? ""));
    throw new Error("tsc could not emit the declarations", { cause: error });
  }
  rmSync(join(ROOT, "dist/types"), { recursive: true, force: true });
  cpSync(join(scratch, "src"), join(ROOT, "dist/types"), { recursive: true });
}

function removeStrangers() {
  const expected = new Set([...BUNDLES.map((bundle) => bundle.output), "zmem.wasm", "types"]);
  for (const name of readdirSync(join(ROOT, "dist"))) {
    if (!expected.has(name)) rmSync(join(ROOT, "dist", name), { recursive: true });
  }
}

/** Each limit with what the build weighs against it. */
export function measureSizes() {
  return LIMITS.map(({ file, gzip, bytes }) => {
    const content = readFileSync(join(ROOT, file));
    const actual = gzip ? gzipSync(content, { level: 9 }).length : content.length;
    return { file, gzip, limit: bytes, actual, fits: actual < bytes };
  });
}
