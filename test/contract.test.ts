/**
 * docs/contract.md against the tests: every number has a test or a reason, every test named there
 * exists, and every test of the suite is named.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readFileSync } from "node:fs";
import { conformanceCases } from "./conformance/backend.ts";
import { mapFactory } from "./conformance/map-backend.ts";
import { shardedFactory, zmemFactory } from "./conformance/zmem-backend.ts";
import { testingInstantiator } from "./modules.ts";

const test = suite("contract");

/** The statements of the contract are numbered 1 to 52. */
const COUNT = 52;

interface Row {
  readonly number: number;
  readonly statement: string;
  readonly tests: readonly string[];
  /** Why the statement can't apply; "" where there is none. */
  readonly reason: string;
}

function readRows(): Row[] {
  const text = readFileSync(new URL("../docs/contract.md", import.meta.url), "utf8");
  return [...text.matchAll(/^\| *(\d+) *\| *(.+?) *\| *(.+?) *\|$/gm)].map((match) => {
    const [, number, statement = "", cell = ""] = match;
    return {
      number: Number(number),
      statement,
      tests: [...cell.matchAll(/`(\d+: [^`]+)`/g)].map(([, name]) => name ?? ""),
      reason: /can't apply: (.+)$/.exec(cell)?.[1] ?? "",
    };
  });
}

/** The names of all tests, over all backends; some tests are only for some backends. */
function listNames(): Set<string> {
  const createInstance = testingInstantiator();
  const factories = [mapFactory(), zmemFactory(createInstance), shardedFactory(createInstance)];
  return new Set(factories.flatMap(conformanceCases).map(({ name }) => name));
}

const rows = readRows();
const names = listNames();

test("the table has each number once, in order", () => {
  assert.equal(
    rows.map((row) => row.number),
    Array.from({ length: COUNT }, (_, at) => at + 1),
  );
});

test("each number has tests that exist and begin with it, or else a reason", () => {
  for (const { number, statement, tests, reason } of rows) {
    assert.ok(statement.length > 10, `${number} says nothing`);
    assert.is(tests.length === 0, reason.length > 10, `${number}: tests or a reason, not both`);
    for (const name of tests) {
      assert.ok(name.startsWith(`${number}: `), `${number} names a test of another: ${name}`);
      assert.ok(names.has(name), `${number} names a test that is not there: ${name}`);
    }
  }
});

test("each test of the suite is named in the table", () => {
  const named = new Set(rows.flatMap((row) => row.tests));
  for (const name of names) assert.ok(named.has(name), `not in docs/contract.md: ${name}`);
});

test("a case has the number that its name begins with, and no name is there twice", () => {
  for (const factory of [mapFactory(), zmemFactory(testingInstantiator())]) {
    const cases = conformanceCases(factory);
    for (const { number, name } of cases) assert.ok(name.startsWith(`${number}: `), name);
    assert.is(new Set(cases.map(({ name }) => name)).size, cases.length);
  }
});

test.run();
