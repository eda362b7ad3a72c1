/**
 * A thousand workers of the shared front-end terminated, on the build that is shipped as well: two
 * at once is where the reaping of one may need what the other held.
 */
import { testKills } from "../shared/kills.ts";
import { sharedModule, sharedTestingModule } from "../shared/modules.ts";

testKills({ name: "array backend", kills: 100, pairs: 20 });
testKills({ name: "shared zmem backend, release", module: sharedModule(), kills: 300, pairs: 50 });
testKills({
  name: "shared zmem backend, testing",
  module: sharedTestingModule(),
  kills: 100,
  pairs: 150,
});
