/**
 * What the README claims and a machine can check: its figures are those that were measured, its
 * links lead somewhere, its map names folders that exist. (Its example runs in package.test.ts.)
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readMeasurement, renderFigures, replaceFigures } from "../scripts/figures.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const test = suite("README");

test("its figures are those of bench/results/estimate.json", async () => {
  const block = await renderFigures(readMeasurement());
  assert.ok(block.includes("| total"), "nothing was rendered");
  assert.fixture(replaceFigures(readme, block), readme);
});

test("the measurement adds up and names no path of a machine", () => {
  const { inputs, total } = readMeasurement();
  assert.is(inputs.length, 3);
  assert.is(
    total.heldBytes,
    inputs.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
  );
  assert.is(total.ratio, total.keptBytes / total.heldBytes);
  const text = readFileSync(join(ROOT, "bench/results/estimate.json"), "utf8");
  assert.not.match(text, /"[^"]*(\/usr|\/home|\/root|\/tmp|\/work|node_modules)/);
});

test("its links lead to files", () => {
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? "");
  assert.ok(links.length >= 4);
  for (const link of links) assert.ok(existsSync(join(ROOT, link)), link);
});

test("its map names every folder there is", () => {
  let top = "";
  const rows = [...readme.matchAll(/^\| `(· )?([\w-]+)\/` /gm)];
  assert.ok(rows.length > 8);
  for (const [, nested, name = ""] of rows) {
    if (nested === undefined) top = name;
    const path = nested === undefined ? name : join(top, name);
    assert.ok(existsSync(join(ROOT, path)), path);
  }
});

test("the npm scripts that documents name exist", () => {
  const documents = ["README.md", "CONTRIBUTING.md"].map((name) =>
    readFileSync(join(ROOT, name), "utf8"),
  );
  for (const [, name = ""] of documents.join("\n").matchAll(/npm run ([\w:-]+)/g)) {
    assert.ok(name in manifest.scripts, `npm run ${name}`);
  }
});

test.run();
