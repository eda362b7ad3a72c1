/**
 * docs/api.md against the entries: whatever is exported, and each member of the exported classes,
 * is described there, and nothing is described that is not exported.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readFileSync } from "node:fs";
import * as core from "../src/index.core.ts";
import * as main from "../src/index.ts";

const test = suite("api documentation");

function read(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
}

const document = read("docs/api.md");

/** Every name in backquotes; of `name(arguments)` the name. */
const mentioned = new Set(
  [...document.matchAll(/`([^`\n]+)`/g)].flatMap(([, text = ""]) =>
    [...text.matchAll(/[\w$[\].]+/g)].map(([name]) => name),
  ),
);

/** Names that a heading or an item of a list introduces. */
const introduced = new Set(
  document
    .split("\n")
    .filter((line) => /^(#|- `)/.test(line))
    .flatMap((line) => [...line.matchAll(/`(\w+)[^`]*`/g)].map(([, name = ""]) => name)),
);

/** What a file exports by name, types included; `export *` is left out. */
function exportedNames(path: string): string[] {
  const text = read(path).replace(/\/\*[\s\S]*?\*\//g, "");
  const lists = [...text.matchAll(/export (?:type )?\{([^}]*)\}/g)].flatMap(([, list = ""]) =>
    list.split(",").map((item) => item.replace(/^\s*type\s/, "").trim()),
  );
  const declared = [
    ...text.matchAll(/export (?:async )?(?:function|class|interface|type|const) (\w+)/g),
  ].map(([, name = ""]) => name);
  return [...lists, ...declared].filter((name) => name !== "");
}

const names = new Set(
  ["src/index.ts", "src/index.core.ts", "src/exports.ts"].flatMap(exportedNames),
);

test("the list of exports is the real one", () => {
  for (const entry of [main, core]) {
    for (const name of Object.keys(entry)) assert.ok(names.has(name), name);
  }
  assert.ok(names.size > 30, `${names.size} names`);
});

test("every export is described", () => {
  for (const name of names) assert.ok(introduced.has(name), `docs/api.md says nothing of ${name}`);
});

test("nothing is described that is not exported", () => {
  const headings = document.split("\n").filter((line) => line.startsWith("#"));
  for (const heading of headings) {
    for (const [, name = ""] of heading.matchAll(/`(\w+)/g)) {
      assert.ok(names.has(name), `docs/api.md has a heading for ${name}`);
    }
  }
});

/** What the backends share with what they extend alone. */
const hooks = new Set(
  ["src/backends/writeback-port.ts", "src/backends/own-instance.ts"]
    .flatMap((path) => [...read(path).matchAll(/^  protected (?:abstract |readonly )?(\w+)/gm)])
    .map(([, name = ""]) => name),
);

/** Members of a class and of what it extends. */
function memberNames(prototype: object): Set<string> {
  const members = new Set<string>();
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    if (at === Error.prototype) break;
    for (const member of Object.getOwnPropertyNames(at)) members.add(member);
  }
  for (const hidden of ["constructor", ...hooks]) members.delete(hidden);
  return members;
}

test("every member of an exported class is mentioned", () => {
  for (const [name, value] of Object.entries(main)) {
    if (typeof value !== "function" || !/^class\b/.test(String(value))) continue;
    for (const member of memberNames(value.prototype)) {
      assert.ok(mentioned.has(member), `docs/api.md says nothing of ${name}.${member}`);
    }
  }
});

test("every error code is in the table, and every code of the table is one", () => {
  const codes = new Set(read("src/errors.ts").match(/ERR_ZMEM_\w+/g));
  const described = new Set(document.match(/ERR_ZMEM_\w+/g));
  assert.equal([...described].sort(), [...codes].sort());
});

test("every figure and every reject reason is described", () => {
  const zmem = main.createZmemSync();
  const stats = zmem.stats();
  zmem.close();
  for (const figure of [...Object.keys(stats), ...Object.keys(stats.rejects)]) {
    assert.ok(mentioned.has(figure), `docs/api.md says nothing of ${figure}`);
  }
});

test.run();
