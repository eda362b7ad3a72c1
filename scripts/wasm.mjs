/**
 * Compiles the wasm modules, and nothing when their sources have not changed.
 *
 * What: assembly/index.ts → build/zmem.wasm (what the package ships), assembly/testing.ts →
 * build/zmem.testing.wasm (the same code with the costly checks, fault injection and function
 * names), the same two for shared memory (assembly/shared/ → build/zmem.shared*.wasm), and
 * build/inline-wasm.ts and inline-wasm-shared.ts, the modules as base64 for the entries.
 *
 * Why so: a compile takes seconds and every command needs the module, so each output keeps a
 * stamp, the hash of all it was made from. The sources of the modules overlap almost wholly, so
 * one hash over all of assembly/ does instead of following imports.
 *
 * Invariants: an output is written under another name and renamed, so that a test running at the
 * same time sees the old module or the new one, never half of one. A failed compile leaves the old
 * output and no stamp.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashFiles, listFiles, readOrNull, ROOT } from "./sources.mjs";

const ASC = join(ROOT, "node_modules/assemblyscript/bin/asc.js");

/** The modules: name, configuration, entry, output. */
export const MODULES = [
  {
    name: "release",
    config: "asconfig.json",
    entry: "assembly/index.ts",
    output: "build/zmem.wasm",
  },
  {
    name: "testing",
    config: "asconfig.testing.json",
    entry: "assembly/testing.ts",
    output: "build/zmem.testing.wasm",
  },
  {
    name: "shared",
    config: "asconfig.shared.json",
    entry: "assembly/shared/index.ts",
    output: "build/zmem.shared.wasm",
  },
  {
    name: "shared testing",
    config: "asconfig.shared-testing.json",
    entry: "assembly/shared/testing.ts",
    output: "build/zmem.shared-testing.wasm",
  },
];

/** The hash of everything that a module is made from: sources, options, compiler. */
function hashModule(module) {
  return hashFiles([
    ...listFiles("assembly"),
    "asconfig.base.json",
    module.config,
    "node_modules/assemblyscript/package.json",
  ]);
}

/** Runs asc; what it prints goes to our stderr. Resolves to its exit code. */
function runAsc(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--enable-source-maps", ASC, ...args], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let diagnostics = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (diagnostics += text));
    child.on("error", reject);
    child.on("close", (code) => {
      // A remark of the optimiser about itself, which nobody can act on.
      const said = diagnostics.replace(/^Last converge was suboptimal\.\n?/m, "");
      if (said.trim() !== "") process.stderr.write(said);
      resolve(code ?? 1);
    });
  });
}

/** Type-checks an entry without writing anything. Resolves to true when it is clean. */
export async function checkModule(module) {
  return (await runAsc(["--config", module.config, "--noEmit"])) === 0;
}

/**
 * Compiles what has changed.
 *
 * @returns one line per module, for the log
 * @throws Error when a compile fails, after asc has printed why
 */
export async function buildWasm() {
  mkdirSync(join(ROOT, "build"), { recursive: true });
  const lines = await Promise.all(MODULES.map(compileModule));
  writeInline("build/zmem.wasm", "build/inline-wasm.ts", "release");
  writeInline("build/zmem.shared.wasm", "build/inline-wasm-shared.ts", "shared");
  return lines;
}

async function compileModule(module) {
  const output = join(ROOT, module.output);
  const stamp = `${output}.stamp`;
  const hash = hashModule(module);
  if (readOrNull(`${module.output}.stamp`) === hash && existsSync(output)) {
    return `${module.output} is up to date`;
  }
  const started = performance.now();
  rmSync(stamp, { force: true });
  const temporary = `${module.output}.${process.pid}.tmp`;
  const code = await runAsc(["--config", module.config, "--outFile", temporary]);
  if (code !== 0) {
    rmSync(join(ROOT, temporary), { force: true });
    throw new Error(`asc could not compile ${module.entry} (exit code ${code})`);
  }
  const bytes = readFileSync(join(ROOT, temporary)).length;
  renameSync(join(ROOT, temporary), output);
  writeFileSync(stamp, hash);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return `${module.output}: ${bytes} bytes, compiled in ${seconds} s`;
}

/** Writes a module as a TypeScript constant, if that changes anything. */
function writeInline(module, output, name) {
  const path = join(ROOT, output);
  const base64 = readFileSync(join(ROOT, module)).toString("base64");
  const text =
    `/** The ${name} module as base64; written by scripts/wasm.mjs. */\n` +
    `export const INLINE_WASM_BASE64 =\n  "${base64}";\n`;
  if (readOrNull(output) === text) return;
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
