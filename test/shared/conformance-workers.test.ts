/**
 * The conformance suite of backends, unchanged, against the shared build with four workers: attached
 * and idle, and making the suite's calls in turn.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { conformanceCases } from "../conformance/backend.ts";
import { sharedFactory } from "./factory.ts";
import { sharedTestingModule } from "./modules.ts";
import { RemoteCrew } from "./remote.ts";

const WORKERS = 4;
const module = sharedTestingModule();

for (const [what, work] of [
  ["four workers attached", false],
  ["each call made by the next of four workers", true],
] as const) {
  const crew = new RemoteCrew(WORKERS, work);
  const factory = sharedFactory(module, 4096, crew);
  const test = suite(`conformance: ${factory.name}, ${what}`);
  for (const { name, run } of conformanceCases(factory)) test(name, run);
  test("they took part", () => assert.is(crew.calls > 1000, work, `${crew.calls} calls`));
  test.after(() => crew.end());
  test.run();
}
