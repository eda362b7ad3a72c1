/**
 * The package as a user gets it: packed, installed into an empty project, used from there.
 *
 * Why so: `exports`, types and the list of files are wrong in most packages at first, and nothing in
 * a checkout notices. Nothing here reaches the network: the package has no dependency.
 */
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly version: string;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
};

const test = suite("package");
const folder = mkdtempSync(join(tmpdir(), "zmem-package-"));
const project = join(folder, "project");
const installed = join(project, "node_modules/zmem");
let packed: readonly string[] = [];

/** Our environment without what an npm that runs us has set for itself. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  return { ...Object.fromEntries(entries), NO_COLOR: "1" };
}

function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, {
      cwd,
      encoding: "utf8",
      env: cleanEnvironment(),
      shell: process.platform === "win32",
      stdio: ["ignore", "pipe", "pipe"],
      timeout: 120_000,
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(" ")} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

const node = (...args: string[]): string => run(process.execPath, args, project);

test.before(() => {
  const output = run("npm", ["pack", "--json", "--pack-destination", folder], ROOT);
  const [pack] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  packed = pack.files.map(({ path }) => path);
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "project", "private": true }');
  const tarball = join("..", pack.filename);
  run("npm", ["install", tarball, "--offline", "--no-audit", "--no-fund"], project);
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test("holds what is listed and nothing else", () => {
  const always = ["package.json"];
  for (const path of packed) {
    const listed = [...always, ...manifest.files].some(
      (entry) => path === entry || path.startsWith(`${entry}/`),
    );
    assert.ok(listed, `${path} is not listed`);
  }
  for (const entry of manifest.files) {
    assert.ok(
      packed.some((path) => path === entry || path.startsWith(`${entry}/`)),
      `${entry} is listed and not there`,
    );
  }
  const chunk = /^dist\/chunk-\w+\.js$/;
  const shipped = packed.filter((path) => /^dist\/[^/]+$/.test(path) && !chunk.test(path)).sort();
  assert.equal(shipped, [
    "dist/cli.js",
    "dist/index.browser.js",
    "dist/index.core.js",
    "dist/index.js",
    "dist/index.node.js",
    "dist/index.shared.js",
    "dist/zmem.wasm",
  ]);
  for (const path of packed.filter((name) => name.startsWith("dist/types/"))) {
    assert.match(path, /\.d\.ts$/);
    assert.not.match(path, /\/cli/);
  }
});

test("brings no other package along", () => {
  const names = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."));
  assert.equal(names, ["zmem"]);
});

test("every target of exports exists, types before code", () => {
  for (const [name, target] of Object.entries(manifest.exports)) {
    const paths = typeof target === "string" ? [target] : Object.values(target);
    for (const path of paths) assert.ok(existsSync(join(installed, path)), `${name} → ${path}`);
    if (typeof target !== "string") assert.is(Object.keys(target)[0], "types");
  }
});

test("the bundles keep the notice of the loader, and no path of the machine that built them", () => {
  for (const name of ["index.js", "index.core.js", "cli.js"]) {
    const text = readFileSync(join(installed, "dist", name), "utf8");
    assert.match(text, /@assemblyscript\/loader, Apache License 2\.0/);
    assert.not.ok(text.includes(ROOT), `${name} names ${ROOT}`);
  }
});

/** The first block of JavaScript in the README. */
function readExample(): string {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1];
  assert.ok(example, "the README has no example");
  return example;
}

const EXAMPLE_OUTPUT = "page 1234\ntrue\n";

test("the README's example has 15 lines and runs as an ES module", () => {
  const example = readExample();
  const lines = example.trim().split("\n");
  assert.ok(lines.length <= 15, `${lines.length} lines`);
  writeFileSync(join(project, "example.mjs"), example);
  assert.is(node("example.mjs"), EXAMPLE_OUTPUT);
});

test("the README's example runs through require", () => {
  const example = readExample().replace(
    /^import (\{.*?\}) from "zmem";$/m,
    'const $1 = require("zmem");',
  );
  assert.match(example, /require/);
  writeFileSync(join(project, "example.cjs"), `(async () => {\n${example}\n})();\n`);
  // Node 20 says on stderr that this is experimental; stdout is what counts.
  assert.is(node("example.cjs"), EXAMPLE_OUTPUT);
});

test("zmem/core takes the module that the package ships", () => {
  const example = `
    import { readFileSync } from "node:fs";
    import { createZmem, createZmemSync } from "zmem/core";
    const url = new URL(import.meta.resolve("zmem/zmem.wasm"));
    const bytes = readFileSync(url);
    const module = new WebAssembly.Module(bytes);
    const response = () => new Response(bytes, { headers: { "Content-Type": "application/wasm" } });
    const pools = [
      ...(await Promise.all([url, bytes, module, response()].map((wasm) => createZmem({ wasm })))),
      createZmemSync({ wasm: module }),
    ];
    for (const zmem of pools) {
      const area = zmem.swapOn({ pages: 2 });
      const page = new Uint8Array(zmem.pageSize).fill(7);
      console.log(area.put(1, page), area.get(1, page), area.get(0, page));
    }
  `;
  writeFileSync(join(project, "core.mjs"), example);
  assert.is(node("core.mjs"), "true true false\n".repeat(5));
});

test("the entries share their classes", () => {
  const example = `
    import { ZmemError } from "zmem";
    import * as core from "zmem/core";
    import { FileSwapDevice } from "zmem/node";
    console.log(core.ZmemError === ZmemError);
    const device = new FileSwapDevice();
    device.close();
    try {
      device.discard(0);
    } catch (error) {
      console.log(error instanceof ZmemError, error.code);
    }
  `;
  writeFileSync(join(project, "shared.mjs"), example);
  assert.is(node("shared.mjs"), "true\ntrue ERR_ZMEM_CLOSED\n");
});

test("the command is installed and answers", () => {
  const command = join(
    project,
    "node_modules/.bin",
    process.platform === "win32" ? "zmem.cmd" : "zmem",
  );
  assert.is(run(command, ["--version"], project), `${manifest.version}\n`);
  assert.match(run(command, ["estimate", "package.json"], project), /^package\.json +1 /m);
});

const CONSUMER = `
import { createZmem, MapBackend, ZmemError, type FrontswapOps, type Zmem } from "zmem";
import { createZmem as createFromUrl } from "zmem/core";

const zmem: Zmem = await createZmem({ limitBytes: 2 ** 20, pageSize: 4096 });
const kept: boolean = zmem.swapOn({ pages: 1 }).put(0, new Uint8Array(4096));
const held: number = zmem.stats().heldBytes;
const backend: FrontswapOps = new MapBackend();
const fromUrl: Promise<Zmem | unknown> = createFromUrl({ wasm: new URL("https://example.org/") });
const error = new ZmemError("ERR_ZMEM_CLOSED", "closed");
// @ts-expect-error: a limit is a number
await createZmem({ limitBytes: "64M" });
export { backend, error, fromUrl, held, kept };
`;

for (const [module, moduleResolution] of [
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
]) {
  test(`the types serve a program (${moduleResolution}), with no types of Node and no skipLibCheck`, () => {
    writeFileSync(join(project, "consumer.mts"), CONSUMER);
    writeFileSync(
      join(project, "tsconfig.json"),
      JSON.stringify({
        compilerOptions: {
          module,
          moduleResolution,
          target: "es2022",
          lib: ["es2022", "esnext.disposable", "dom"],
          types: [],
          strict: true,
          exactOptionalPropertyTypes: true,
          noEmit: true,
        },
        files: ["consumer.mts"],
      }),
    );
    run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."], project);
  });
}

test("a bundler for browsers needs nothing from us", async () => {
  writeFileSync(join(project, "page.js"), 'import { createZmem } from "zmem"; createZmem();');
  const result = await build({
    absWorkingDir: project,
    entryPoints: ["page.js"],
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    logLevel: "silent",
  });
  assert.equal([...result.warnings, ...result.errors], []);
  assert.not.match(result.outputFiles[0]?.text ?? "", /require\(/);
});

test.run();
