/**
 * Turns src/ into what the package ships: bundles by esbuild, declarations by tsc.
 *
 * What: dist/index.js (wasm inline), dist/index.core.js (wasm by URL, bytes, Response or Module),
 * dist/index.node.js and dist/index.browser.js (swap devices), dist/index.shared.js (a pool for many
 * workers, its wasm inline), dist/cli.js, dist/zmem.wasm, dist/types.
 *
 * Why so: the loader is bundled, so the package has no dependency at run time; its notice stays
 * in the bundle, as its licence asks. The library entries are minified because pages download them;
 * the command line is not, because its stack traces are read by people. Only the declarations that
 * the entries reach are shipped.
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

const NOTICE =
  "/*! zmem, MIT License. Its bundles contain @assemblyscript/loader, Apache License 2.0, " +
  "Copyright the AssemblyScript authors; see THIRD_PARTY.md. */";

/**
 * What a build may weigh; a script with all that it imports. The module had 24 KiB at first, 48 are
 * what it may ever take.
 */
export const LIMITS = [
  { file: "dist/zmem.wasm", gzip: false, bytes: 48 * 1024 },
  { file: "dist/index.js", gzip: true, bytes: 40 * 1024 },
];

/** The entries of the library; what they share is in chunks named chunk-*.js. */
const LIBRARY = ["index", "index.core", "index.node", "index.browser", "index.shared"];

/** Bundles all entries, unless nothing has changed. @throws when esbuild or tsc finds an error */
export async function buildDist() {
  const stamp = join(ROOT, STAMP);
  const hash = hashFiles([
    ...listFiles("src"),
    ...listFiles("scripts"),
    "build/zmem.wasm",
    "build/inline-wasm.ts",
    "build/inline-wasm-shared.ts",
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "package-lock.json",
  ]);
  const last = JSON.parse(readOrNull(STAMP) ?? "{}");
  const isComplete = last.files?.every((path) => existsSync(join(ROOT, path)));
  if (last.hash === hash && isComplete) return;
  rmSync(stamp, { force: true });
  const files = await bundleAll();
  writeFileSync(stamp, JSON.stringify({ hash, files }));
}

const STAMP = "build/dist.stamp";

/** @returns the files that make up dist/, apart from the declarations */
async function bundleAll() {
  mkdirSync(join(ROOT, "dist"), { recursive: true });
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const common = {
    absWorkingDir: ROOT,
    outdir: "dist",
    bundle: true,
    format: "esm",
    target: ["es2022", "node20.19"],
    legalComments: "inline",
    metafile: true,
  };
  const [library, command] = await Promise.all([
    build({
      ...common,
      entryPoints: LIBRARY.map((name) => `src/${name}.ts`),
      // One copy of each class, so that an error of zmem/node is an instance of zmem's ZmemError.
      splitting: true,
      chunkNames: "chunk-[hash]",
      // "neutral" looks at no main field; the loader names its ES module in `exports` only.
      platform: "neutral",
      external: ["node:*"],
      minify: true,
      banner: { js: NOTICE },
    }),
    build({
      ...common,
      entryPoints: ["src/cli.ts"],
      platform: "node",
      banner: { js: `#!/usr/bin/env node\n${NOTICE}` },
      define: { __ZMEM_VERSION__: JSON.stringify(version) },
    }),
    buildDeclarations(),
  ]);
  copyFileSync(join(ROOT, "build/zmem.wasm"), join(ROOT, "dist/zmem.wasm"));
  const files = [library, command].flatMap(({ metafile }) => Object.keys(metafile.outputs));
  files.push("dist/zmem.wasm");
  removeStrangers(files);
  return files;
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

function removeStrangers(files) {
  for (const name of readdirSync(join(ROOT, "dist"))) {
    if (name === "types" || files.includes(`dist/${name}`)) continue;
    rmSync(join(ROOT, "dist", name), { recursive: true });
  }
}

/** A script of dist/ and the chunks that it imports, one after the other. */
function readWithImports(file) {
  const files = new Set([file]);
  for (const path of files) {
    const text = path.endsWith(".js") ? readFileSync(join(ROOT, path), "utf8") : "";
    for (const [, name] of text.matchAll(/(?:from|import)\s*"\.\/(chunk-\w+\.js)"/g)) {
      files.add(`dist/${name}`);
    }
  }
  return Buffer.concat([...files].map((path) => readFileSync(join(ROOT, path))));
}

/** Each limit with what the build weighs against it. */
export function measureSizes() {
  return LIMITS.map(({ file, gzip, bytes }) => {
    const content = readWithImports(file);
    const actual = gzip ? gzipSync(content, { level: 9 }).length : content.length;
    return { file, gzip, limit: bytes, actual, fits: actual < bytes };
  });
}
