/**
 * The conformance suite of backends, unchanged, against the shared build with four workers: attached
 * and idle, and making the suite's calls in turn.
 *
 * What a backend says of the last put is said to the worker that made it, so the cases about that
 * (`lastReject`, the block of a rejected page) run where one worker makes all calls, and not where
 * the next call is another one's.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conformanceCases } from "../conformance/backend.ts";
import { sharedFactory } from "./factory.ts";
import { sharedTestingModule } from "./modules.ts";
import { RemoteCrew } from "./remote.ts";

const WORKERS = 4;
const module = sharedTestingModule();
const OWN_LAST_PUT = [
  "52: the block of a rejected page can be had until the next put, under its key only",
  "52: blocks longer than the longest allowed are rejected, and so are raw pages then",
];

for (const [what, work] of [
  ["four workers attached", false],
  ["each call made by the next of four workers", true],
] as const) {
  const crew = new RemoteCrew(WORKERS, work);
  const factory = sharedFactory(module, 4096, crew);
  const test = suite(`conformance: ${factory.name}, ${what}`);
  const cases = conformanceCases(factory);
  for (const { name, run } of cases) if (!work || !OWN_LAST_PUT.includes(name)) test(name, run);
  test("the cases about one's own last put are there", () => {
    assert.is(cases.filter(({ name }) => OWN_LAST_PUT.includes(name)).length, OWN_LAST_PUT.length);
  });
  test("they took part", () => assert.is(crew.calls > 1000, work, `${crew.calls} calls`));
  test.after(() => crew.end());
  test.run();
}
