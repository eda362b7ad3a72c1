/** The front-end's part of the conformance suite, behind the shared front-end, in one thread. */
import { suite } from "uvu";
import { SharedFrontswap } from "../../src/shared/frontswap.ts";
import { CaseList, type BackendFactory } from "../conformance/case.ts";
import { addFrontEndCases } from "../conformance/front-end.ts";
import { mapFactory } from "../conformance/map-backend.ts";
import { zmemFactory } from "../conformance/zmem-backend.ts";
import { testingInstantiator } from "../modules.ts";

function register(factory: BackendFactory): void {
  const test = suite(`conformance: SharedFrontswap before ${factory.name}`);
  const list = new CaseList();
  addFrontEndCases(list, {
    ...factory,
    createFrontEnd: (options) => new SharedFrontswap(options),
  });
  for (const { name, run } of list.cases) test(name, run);
  test.run();
}

register(mapFactory());
register(zmemFactory(testingInstantiator()));
