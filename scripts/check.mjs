/**
 * `npm run check`: everything that can be said about the sources without running them.
 *
 * What: tsc over src, test, bench and web; asc over both entries of assembly/ (the only real type
 * checker of AssemblyScript, where i32 and f64 are different types); prettier over everything;
 * oxlint over all TypeScript, the scripts and, by a detour, assembly/; the import graph of test/architecture.test.ts.
 *
 * Why so: all steps run even when one fails, because a person would rather see all complaints at
 * once. Each prints its output only when it fails.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { lintAssembly } from "./lint-assembly.mjs";
import { ROOT } from "./sources.mjs";
import { buildWasm, MODULES } from "./wasm.mjs";

const bin = (name) => join(ROOT, "node_modules/.bin", name);

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", (error) => resolve({ ok: false, output: error.message }));
    child.on("close", (code) => resolve({ ok: code === 0, output }));
  });
}

const asc = join(ROOT, "node_modules/assemblyscript/bin/asc.js");

const STEPS = [
  // The sources import build/inline-wasm.ts, so tsc needs the modules to be built first.
  {
    name: "modules",
    run: () =>
      buildWasm().then(
        () => ({ ok: true, output: "" }),
        (error) => ({ ok: false, output: error.message }),
      ),
  },
  { name: "tsc", run: () => run(bin("tsc"), ["--noEmit", "-p", "."]) },
  ...MODULES.map(({ name, config }) => ({
    name: `asc ${name}`,
    // Types need no optimiser, which is most of a compile.
    run: () => run(process.execPath, [asc, "--config", config, "--noEmit", "-O0"]),
  })),
  {
    name: "prettier",
    run: () => run(bin("prettier"), ["--check", "--log-level", "warn", "."]),
  },
  { name: "oxlint", run: () => run(bin("oxlint"), ["--deny-warnings"]) },
  { name: "oxlint assembly", run: async () => lintAssembly() },
  {
    name: "architecture",
    run: () => run(process.execPath, ["--import", "tsx", "test/architecture.test.ts"]),
  },
];

let failed = 0;
for (const { name, run: step } of STEPS) {
  const started = performance.now();
  const { ok, output } = await step();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${ok ? "ok  " : "FAIL"} ${name}  ${seconds} s`);
  if (!ok) {
    failed += 1;
    console.log(output.trimEnd());
  }
}
console.log(failed === 0 ? "all checks passed" : `${failed} of ${STEPS.length} checks failed`);
process.exitCode = failed === 0 ? 0 : 1;
