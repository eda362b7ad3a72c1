/**
 * The architecture as data, and the proof that the sources keep to it.
 *
 * What: which part may import which, for assembly/, src/ and web/; which packages each may use; and
 * what crosses the border of the release module.
 *
 * Why so: a layering that only a document describes is gone after ten changes. A part is a file or,
 * with a slash at its end, a folder; a file belongs to the longest name that fits it. An arrow that
 * nothing uses any more fails too, so the data stays as small as the truth. Whoever adds an arrow
 * here says so in the same change that needs it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Parts of a tree, each with the parts that it may import. A folder's files import each other. */
type Layers = Readonly<Record<string, readonly string[]>>;

/** Only the files at the root join codec, allocator and index; the folders know none of each other. */
const ASSEMBLY: Layers = {
  "constants.ts": [],
  "window-place.ts": [],
  "status.ts": [],
  // Plain numbers that the superblock's layout needs.
  "supply/bins.ts": ["constants.ts"],
  "superblock.ts": ["constants.ts", "status.ts", "supply/bins.ts"],
  // What the shared build needs at the bottom: points of death, locks, workers' records, chunks.
  "shared/crash.ts": [],
  "shared/bit-map.ts": [],
  "lock.ts": ["shared/crash.ts"],
  "shared/header.ts": ["constants.ts", "lock.ts", "superblock.ts"],
  "supply/": ["constants.ts", "shared/crash.ts", "status.ts", "superblock.ts", "supply/bins.ts"],
  "shared/chunks.ts": [
    "constants.ts",
    "shared/crash.ts",
    "shared/bit-map.ts",
    "shared/header.ts",
    "status.ts",
    "superblock.ts",
    "supply/",
  ],
  "codec/": [],
  "zsmalloc/": [
    "constants.ts",
    "shared/crash.ts",
    "shared/header.ts",
    "status.ts",
    "superblock.ts",
    "supply/",
  ],
  "index/": [
    "constants.ts",
    "shared/chunks.ts",
    "shared/crash.ts",
    "shared/header.ts",
    "superblock.ts",
    "supply/",
  ],
  "stats.ts": ["constants.ts", "status.ts", "superblock.ts", "zsmalloc/"],
  "boot.ts": [
    "codec/",
    "constants.ts",
    "status.ts",
    "superblock.ts",
    "supply/",
    "window-place.ts",
    "zsmalloc/",
  ],
  "pagestore.ts": [
    "codec/",
    "constants.ts",
    "index/",
    "stats.ts",
    "status.ts",
    "superblock.ts",
    "supply/",
    "zsmalloc/",
  ],
  // What moves pages that are kept: over the page store, not beside it.
  "transfer.ts": [
    "constants.ts",
    "index/",
    "pagestore.ts",
    "status.ts",
    "superblock.ts",
    "supply/",
    "zsmalloc/",
  ],
  "recompress.ts": [
    "codec/",
    "constants.ts",
    "index/",
    "pagestore.ts",
    "status.ts",
    "superblock.ts",
    "supply/",
    "zsmalloc/",
  ],
  "writeback.ts": [
    "codec/",
    "constants.ts",
    "index/",
    "pagestore.ts",
    "status.ts",
    "superblock.ts",
  ],
  // Where a page lies, for programs that show it.
  "inspect.ts": ["index/", "pagestore.ts"],
  "validate.ts": [
    "codec/",
    "constants.ts",
    "index/",
    "superblock.ts",
    "supply/",
    "supply/bins.ts",
    "zsmalloc/",
  ],
  // The shared build: its own page store, reads without locks, recovery, ABI.
  "shared/": [
    "codec/",
    "constants.ts",
    "index/",
    "lock.ts",
    "shared/chunks.ts",
    "shared/crash.ts",
    "shared/bit-map.ts",
    "shared/header.ts",
    "stats.ts",
    "status.ts",
    "superblock.ts",
    "supply/",
    "supply/bins.ts",
    "validate.ts",
    "window-place.ts",
    "zsmalloc/",
  ],
  // The ABI: names, no logic.
  "index.ts": [
    "boot.ts",
    "inspect.ts",
    "pagestore.ts",
    "recompress.ts",
    "stats.ts",
    "superblock.ts",
    "transfer.ts",
    "writeback.ts",
    "zsmalloc/",
  ],
  "testing.ts": [
    "codec/",
    "index.ts",
    "index/",
    "pagestore.ts",
    "superblock.ts",
    "supply/",
    "supply/bins.ts",
    "validate.ts",
    "zsmalloc/",
  ],
};

/** Front-end and backends never meet but in zmem.ts and the entries; platform/ knows nothing of us. */
const SOURCE: Layers = {
  "errors.ts": [],
  "types.ts": [],
  "platform/": [],
  // Says which headers are missing.
  "platform/shared-memory.ts": ["errors.ts"],
  "bitmap.ts": [],
  "backend-failures.ts": ["errors.ts"],
  "frontswap.ts": ["backend-failures.ts", "bitmap.ts", "errors.ts", "types.ts"],
  "slot-allocator.ts": ["bitmap.ts"],
  "page-views.ts": ["types.ts"],
  "rate-budget.ts": [],
  "swap-log.ts": [],
  "negative-memory.ts": ["types.ts"],
  // The contract of devices; devices themselves meet nobody but the entries.
  "devices/device.ts": [],
  "devices/storage.ts": [],
  "devices/": ["devices/device.ts", "devices/storage.ts", "errors.ts"],
  "area-device.ts": [
    "backend-failures.ts",
    "bitmap.ts",
    "devices/device.ts",
    "errors.ts",
    "swap-log.ts",
    "types.ts",
  ],
  "writeback.ts": [
    "area-device.ts",
    "devices/device.ts",
    "errors.ts",
    "frontswap.ts",
    "rate-budget.ts",
    "swap-log.ts",
    "types.ts",
  ],
  "admission.ts": ["errors.ts", "negative-memory.ts", "swap-log.ts", "types.ts", "writeback.ts"],
  "background-writeback.ts": ["errors.ts", "writeback.ts"],
  "swap-area-options.ts": ["devices/device.ts", "errors.ts", "swap-log.ts", "writeback.ts"],
  "swap-area.ts": [
    "area-device.ts",
    "errors.ts",
    "frontswap.ts",
    "page-views.ts",
    "slot-allocator.ts",
    "swap-area-options.ts",
    "swap-log.ts",
    "types.ts",
    "writeback.ts",
  ],
  "async-swap-area.ts": [
    "area-device.ts",
    "backend-failures.ts",
    "bitmap.ts",
    "devices/device.ts",
    "errors.ts",
    "frontswap.ts",
    "swap-area-options.ts",
    "swap-log.ts",
    "types.ts",
    "writeback.ts",
  ],
  "area-set.ts": ["async-swap-area.ts", "frontswap.ts", "swap-area.ts", "types.ts", "writeback.ts"],
  "backends/": ["errors.ts", "platform/", "platform/shared-memory.ts", "types.ts"],
  "load.ts": ["backends/", "errors.ts", "platform/"],
  "zmem.ts": [
    "admission.ts",
    "area-set.ts",
    "async-swap-area.ts",
    "backends/",
    "background-writeback.ts",
    "devices/device.ts",
    "errors.ts",
    "frontswap.ts",
    "platform/",
    "swap-area.ts",
    "swap-log.ts",
    "types.ts",
    "writeback.ts",
  ],
  "exports.ts": [
    "admission.ts",
    "area-set.ts",
    "async-swap-area.ts",
    "backends/",
    "background-writeback.ts",
    "devices/",
    "devices/device.ts",
    "errors.ts",
    "frontswap.ts",
    "load.ts",
    "platform/",
    "swap-area-options.ts",
    "swap-area.ts",
    "swap-log.ts",
    "types.ts",
    "writeback.ts",
    "zmem.ts",
  ],
  // The front-end of a pool that workers share; it meets a backend in shared/zmem.ts alone.
  "shared/": [
    "backend-failures.ts",
    "devices/storage.ts",
    "errors.ts",
    "platform/shared-memory.ts",
    "rate-budget.ts",
    "types.ts",
  ],
  "shared/load.ts": ["errors.ts", "platform/shared-memory.ts"],
  "shared/zmem.ts": [
    "admission.ts",
    "backends/",
    "errors.ts",
    "platform/shared-memory.ts",
    "shared/",
    "types.ts",
  ],
  "index.ts": ["exports.ts", "load.ts", "platform/", "zmem.ts"],
  "index.core.ts": ["errors.ts", "exports.ts", "load.ts", "platform/", "zmem.ts"],
  "index.node.ts": ["devices/", "devices/device.ts", "devices/storage.ts"],
  "index.browser.ts": ["devices/", "devices/device.ts"],
  "index.shared.ts": [
    "backends/",
    "devices/",
    "devices/storage.ts",
    "errors.ts",
    "platform/",
    "shared/",
    "shared/load.ts",
    "shared/zmem.ts",
  ],
  // The command line is a user of the library: it enters by the front door.
  "cli/": ["errors.ts", "index.ts", "types.ts"],
  "cli.ts": ["cli/"],
};

/** Packages and generated files, by part; a part without an entry uses none. */
const OUTSIDE: Readonly<Record<string, readonly RegExp[]>> = {
  "src/platform/instantiate.ts": [/^@assemblyscript\/loader$/],
  // For `file:` addresses in Node; hidden from bundlers.
  "src/platform/compile.ts": [/^node:fs\/promises$/],
  "src/devices/file.ts": [/^node:(fs|os|path)$/],
  "src/devices/file-storage.ts": [/^node:(fs|os)$/],
  "src/platform/inline.ts": [/^build\/inline-wasm\.ts$/],
  "src/platform/inline-shared.ts": [/^build\/inline-wasm-shared\.ts$/],
  "src/cli/": [/^node:/],
};

/** What the page takes from src/: the library, and the words and sampling of the command line. */
const WEB_FROM_SOURCE = new Set([
  "src/index.ts",
  "src/index.browser.ts",
  "src/index.shared.ts",
  "src/cli/quantities.ts",
  "src/cli/sampling.ts",
]);

const test = suite("architecture");

interface Import {
  /** Both relative to the root of the checkout, or a package's name. */
  readonly from: string;
  readonly to: string;
}

function listSources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(".ts"))
    .sort();
}

/** A source without its comments, so that an import in a comment is none. */
function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, " ").replace(/^\s*\/\/.*$/gm, " ");
}

/** What a file imports: static imports, re-exports, dynamic imports and import types. */
function readImports(path: string): Import[] {
  const text = stripComments(readFileSync(join(ROOT, path), "utf8"));
  const patterns = [
    /^\s*(?:import|export)\s[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm,
    /^\s*import\s*["']([^"']+)["']/gm,
    /\bimport\(\s*["'`]([^"'`]+)["'`]/g,
  ];
  return patterns
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .map((match) => ({ from: path, to: resolveImport(path, match[1] ?? "") }));
}

function resolveImport(from: string, name: string): string {
  if (!name.startsWith(".")) return name;
  const path = posix.join(dirname(from), name);
  // AssemblyScript names files without their ending.
  return path.endsWith(".ts") ? path : `${path}.ts`;
}

/** What is loaded with a file: its static imports, and theirs. */
function loadedWith(path: string): Set<string> {
  const loaded = new Set([path]);
  for (const one of loaded) {
    if (!existsSync(join(ROOT, one)) || !one.endsWith(".ts")) continue;
    const text = stripComments(readFileSync(join(ROOT, one), "utf8"));
    for (const match of text.matchAll(
      /^\s*(?:import|export)\s(?!type\b)[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm,
    )) {
      loaded.add(resolveImport(one, match[1] ?? ""));
    }
  }
  return loaded;
}

/** The part that a file belongs to: the longest name that fits. */
function partOf(layers: Layers, path: string): string | undefined {
  return Object.keys(layers)
    .filter((name) => (name.endsWith("/") ? path.startsWith(name) : path === name))
    .sort((a, b) => b.length - a.length)[0];
}

/** Checks a tree against its layers. @returns complaints */
function checkLayers(folder: string, layers: Layers): string[] {
  const complaints: string[] = [];
  const used = new Set<string>();
  const occupied = new Set<string>();
  for (const path of listSources(folder)) {
    const part = partOf(layers, path.slice(folder.length + 1));
    if (part === undefined) {
      complaints.push(`${path} belongs to no part of the architecture`);
      continue;
    }
    occupied.add(part);
    for (const { to } of readImports(path)) {
      if (!to.startsWith(`${folder}/`)) continue;
      const target = partOf(layers, to.slice(folder.length + 1));
      if (target === part) continue;
      if (target === undefined || !layers[part]?.includes(target)) {
        complaints.push(`${path} must not import ${to}`);
      }
      used.add(`${part} → ${target}`);
    }
  }
  for (const [part, targets] of Object.entries(layers)) {
    if (!occupied.has(part)) complaints.push(`${folder}/${part} has no file`);
    for (const target of targets) {
      if (!used.has(`${part} → ${target}`)) {
        complaints.push(`${folder}/${part} may import ${target} but doesn't: remove the arrow`);
      }
    }
  }
  return complaints;
}

/** A way round, if there is one: in imports that exist at run time there must be none. */
function findCycle(paths: readonly string[]): string[] | null {
  const imports = new Map(paths.map((path) => [path, readImports(path).map(({ to }) => to)]));
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const next of imports.get(path) ?? []) {
      const cycle = walk(next, [...trail, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  };
  for (const path of paths) {
    const cycle = walk(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

test("the layers themselves point downwards only", () => {
  for (const layers of [ASSEMBLY, SOURCE]) {
    const names = Object.keys(layers);
    for (const [index, name] of names.entries()) {
      for (const target of layers[name] ?? []) {
        const place = names.indexOf(target);
        assert.ok(place >= 0 && place < index, `${name} → ${target} is no arrow downwards`);
      }
    }
  }
});

test("assembly/ imports only what its layers allow", () => {
  assert.equal(checkLayers("assembly", ASSEMBLY), []);
});

test("src/ imports only what its layers allow", () => {
  assert.equal(checkLayers("src", SOURCE), []);
});

for (const folder of ["assembly", "src", "web"]) {
  test(`${folder}/ has no import cycle, file by file`, () => {
    assert.is(findCycle(listSources(folder)), null);
  });
}

test("compressors and decompressors share constants and never import each other", () => {
  for (const { from, to } of listSources("assembly/codec").flatMap(readImports)) {
    const kinds = [from, to].map((path) => /\/(de)?compress\./.exec(path)?.[0] ?? null);
    if (kinds[0] !== null && kinds[1] !== null) {
      assert.is(kinds[0], kinds[1], `${from} imports ${to}`);
    }
  }
});

test("src/ uses no package but the loader, and Node modules only where they are expected", () => {
  const used = new Set<string>();
  for (const { from, to } of listSources("src").flatMap(readImports)) {
    if (to.startsWith("src/")) continue;
    const part = Object.keys(OUTSIDE).find((name) =>
      name.endsWith("/") ? from.startsWith(name) : from === name,
    );
    const allowed = part === undefined ? [] : (OUTSIDE[part] ?? []);
    assert.ok(
      allowed.some((pattern) => pattern.test(to)),
      `${from} must not import ${to}`,
    );
    used.add(part ?? "");
  }
  assert.equal([...used].sort(), Object.keys(OUTSIDE).sort());
});

test("assembly/ imports nothing from outside, and nobody imports it", () => {
  for (const { from, to } of listSources("assembly").flatMap(readImports)) {
    assert.ok(to.startsWith("assembly/"), `${from} must not import ${to}`);
  }
  const others = ["src", "web", "test", "bench", "scripts"].filter((name) =>
    existsSync(join(ROOT, name)),
  );
  for (const { from, to } of others.flatMap(listSources).flatMap(readImports)) {
    assert.not.ok(to.startsWith("assembly/"), `${from} must not import ${to}`);
  }
});

test("nothing that ships imports tests, benches, scripts or the page", () => {
  for (const { from, to } of listSources("src").flatMap(readImports)) {
    assert.not.match(to, /^(test|bench|scripts|web)\//, `${from} must not import ${to}`);
  }
});

test("web/ takes the library from src/, and what says a number in words", () => {
  for (const { from, to } of listSources("web").flatMap(readImports)) {
    const allowed =
      to.startsWith("web/") ||
      WEB_FROM_SOURCE.has(to) ||
      // The benchmark page is the bench's; the demo shows it in a frame.
      (from.startsWith("web/bench") && to.startsWith("bench/")) ||
      (from === "web/ui/bench-tab.ts" && to.startsWith("bench/")) ||
      // The program whose memory the demo shows, a bundle of its own.
      (from === "web/sqlite.ts" && to === "sql.js");
    assert.ok(allowed, `${from} must not import ${to}`);
  }
});

test("the demo's commands build before they load what a build makes", () => {
  for (const command of ["scripts/demo.ts", "scripts/demo-shots.ts"]) {
    const made = [...loadedWith(command)].filter((path) => path.startsWith("build/"));
    assert.equal(made, [], `${command} in a fresh checkout`);
  }
  assert.ok([...loadedWith("scripts/web.ts")].some((path) => path.startsWith("build/")));
});

test("every import names a file that exists", () => {
  const sources = ["assembly", "src", "web", "test", "scripts"].flatMap(listSources);
  for (const { from, to } of sources.flatMap(readImports)) {
    if (!/^(assembly|src|web|test|bench|scripts)\//.test(to)) continue;
    const path = join(ROOT, to);
    const found = existsSync(path) || existsSync(path.replace(/\.ts$/, ""));
    assert.ok(found, `${from} imports ${to}, which does not exist`);
  }
});

const releaseModule = (): WebAssembly.Module =>
  new WebAssembly.Module(readFileSync(join(ROOT, "build/zmem.wasm")));

test("the release module imports its memory and nothing else", () => {
  assert.equal(WebAssembly.Module.imports(releaseModule()), [
    { module: "env", name: "memory", kind: "memory" },
  ]);
});

test("the release module exports the functions of src/backends/abi.ts and its memory", () => {
  const text = stripComments(readFileSync(join(ROOT, "src/backends/abi.ts"), "utf8"));
  const body = /interface ZmemExports \{([\s\S]*?)\n\}/.exec(text)?.[1] ?? "";
  const functions = [...body.matchAll(/^\s*(\w+)\(/gm)].map((match) => match[1] ?? "");
  assert.ok(functions.length > 5, "the interface was not found");
  const exported = WebAssembly.Module.exports(releaseModule());
  assert.equal(
    exported.map(({ name, kind }) => `${kind} ${name}`).sort(),
    ["memory memory", ...functions.map((name) => `function ${name}`)].sort(),
  );
});

test("static data of the release module lies below the superblock", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  new WebAssembly.Instance(releaseModule(), { env: { memory } });
  const bytes = new Uint8Array(memory.buffer);
  assert.ok(bytes.subarray(256, 1024).some((byte) => byte !== 0));
  assert.ok(bytes.subarray(0, 256).every((byte) => byte === 0));
  assert.ok(bytes.subarray(1024).every((byte) => byte === 0));
});

test("the sizes hold: wasm and default entry", async () => {
  const { measureSizes } = await import("../scripts/bundle.mjs");
  for (const { file, limit, actual, fits } of measureSizes()) {
    assert.ok(fits, `${file}: ${actual} of ${limit} bytes`);
  }
});

test.run();
