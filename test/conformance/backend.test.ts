/** Runs the conformance suite of backends in Node: the oracle, the testing and the release build. */
import { suite } from "uvu";
import { releaseInstantiator, testingInstantiator } from "../modules.ts";
import { conformanceCases } from "./backend.ts";
import type { BackendFactory } from "./case.ts";
import { mapFactory } from "./map-backend.ts";
import { shardedFactory, zmemFactory } from "./zmem-backend.ts";

function register(factory: BackendFactory, build: string): void {
  const test = suite(`conformance: ${factory.name}${build}`);
  for (const { name, run } of conformanceCases(factory)) test(name, run);
  test.run();
}

register(mapFactory(), "");
for (const pageSize of [4096, 16384, 65536]) {
  register(zmemFactory(testingInstantiator(), pageSize), ", testing build");
}
register(shardedFactory(testingInstantiator()), ", testing build");
register(zmemFactory(releaseInstantiator()), ", release build");
