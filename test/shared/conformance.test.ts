/** The conformance suite of backends, unchanged, against the shared build with one worker. */
import { suite } from "uvu";
import { conformanceCases } from "../conformance/backend.ts";
import { sharedFactory } from "./factory.ts";
import { sharedModule, sharedTestingModule } from "./modules.ts";

for (const pageSize of [4096, 16384, 65536]) {
  const factory = sharedFactory(sharedTestingModule(), pageSize);
  const test = suite(`conformance: ${factory.name}, testing build`);
  for (const { name, run } of conformanceCases(factory)) test(name, run);
  test.run();
}

const factory = sharedFactory(sharedModule());
const test = suite(`conformance: ${factory.name}, release build`);
for (const { name, run } of conformanceCases(factory)) test(name, run);
test.run();
