/**
 * The figures in docs/benchmarks.md and the README are those of the committed result file.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BLOCKS, readReference, renderBlock } from "../../bench/figures.ts";

import { SCHEMA } from "../../bench/harness/results.ts";
import { measureReference } from "../../scripts/figures.ts";

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

test("an interrupted or failed measurement leaves the committed run as it was", () => {
  const folder = mkdtempSync(join(tmpdir(), "zmem-figures-"));
  try {
    const [target, fresh] = ["reference.json", "fresh.json"].map((name) => join(folder, name)) as [
      string,
      string,
    ];
    writeFileSync(target, "as it was");
    const write = (complete: boolean) => (path: string) =>
      writeFileSync(path, JSON.stringify({ schema: SCHEMA, measurements: [], complete }));
    const fail = (path: string): void => {
      write(false)(path);
      throw new Error("exit code 130");
    };
    assert.throws(() => measureReference(target, fresh, fail), /exit code 130/);
    assert.throws(() => measureReference(target, fresh, write(false)), /expected a complete run/);
    assert.is(readFileSync(target, "utf8"), "as it was");
    measureReference(target, fresh, write(true));
    assert.match(readFileSync(target, "utf8"), /"complete":true/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
