/**
 * The figures in docs/benchmarks.md are those of the committed result file.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readDocument, readReference, renderDocument } from "../../bench/figures.ts";

const test = suite("bench figures");

test("the document shows what the committed run has measured", async () => {
  const document = readDocument();
  assert.ok(
    (await renderDocument(document, readReference())) === document,
    "docs/benchmarks.md differs from bench/results/reference.json: npx tsx bench/figures.ts",
  );
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
