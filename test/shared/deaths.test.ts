/** Two deaths at once, the first one in a put or a flush. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isHeld, makePair, scenariosOf, SECOND, testPairs } from "./death-pairs.ts";
import { checkEnd, type Scenario } from "./dying-calls.ts";

const test = suite("shared pool, several deaths at once");
const FIRST = scenariosOf("put over a page", "put of a new group", "flush of a page");

testPairs(test, FIRST);

test("one reaped alone does not wait for ever for another, dead too, and is settled with it", () => {
  const scenario = FIRST[0] as Scenario;
  let refused = 0;
  for (let point = 0; ; point++) {
    for (let other = point % 3; other < 23; other += 3) {
      const pair = makePair(scenario, SECOND["a raw put"] as () => void, point, other);
      if (pair === "none left") {
        assert.ok(refused > 0, "some could not be settled alone");
        return;
      }
      if (pair === undefined) continue;
      const { pool, kept, firstId, secondId } = pair;
      try {
        assert.is(pool.reap(firstId), true);
        assert.is(pool.reap(secondId), true);
      } catch (error) {
        if (!isHeld(error)) throw error;
        assert.match(String(error), `by worker ${secondId}`);
        refused++;
        assert.is(pool.reap(secondId), true, "whoever comes next settles both");
        assert.is(pool.reap(firstId), true, "the id was not given away meanwhile");
      }
      checkEnd(pool, scenario, kept, `points ${point} and ${other}`);
    }
  }
});

test.run();
