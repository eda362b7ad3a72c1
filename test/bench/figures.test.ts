/**
 * The figures in docs/benchmarks.md and the README are those of the committed result file.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BLOCKS, readReference, renderBlock } from "../../bench/figures.ts";

const test = suite("bench figures");

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

for (const block of BLOCKS) {
  test(`${block.document} shows what the committed run has measured`, async () => {
    const text = readFileSync(join(ROOT, block.document), "utf8");
    assert.ok(
      (await renderBlock(block, readReference())) === text,
      `${block.document} differs from bench/results/reference.json: npm run figures -- --render`,
    );
  });
}

test("a row of the README's table says what the run has measured", () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const row = /^\| \*\*zmem\*\* *\|(.*)\|$/m.exec(readme)?.[1] ?? "";
  const figures = row.split("|").map((cell) => Number(cell.replaceAll(",", "")));
  assert.is(figures.length, 5);
  for (const figure of figures) assert.ok(figure > 0, row);
  const { measurements, corpora } = readReference();
  const real = corpora.filter(({ kind }) => kind === "real");
  const held = real.map(
    ({ name }) =>
      measurements.find(
        (one) => one.case === "memory" && one.contender === "zmem" && one.corpus === name,
      )?.median ?? 0,
  );
  const mean = held.reduce((product, share) => product * share, 1) ** (1 / held.length);
  assert.ok(Math.abs((figures[2] ?? 0) - mean) < 0.001, `${figures[2]} against ${mean}`);
});

test("the committed run is whole, names its machine, and was a full one", () => {
  const { complete, effort, machine, corpora, measurements } = readReference();
  assert.is(complete, true);
  assert.is(effort, "full");
  assert.ok(machine.processor.length > 2 && machine.engine.startsWith("Node "));
  assert.ok(corpora.filter(({ kind }) => kind === "real").length >= 7);
  assert.ok(measurements.length > 300);
});

test.run();
