/** Workers of the shared front-end that are terminated at random moments, and reaped. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { SharedFrontswap } from "../../src/shared/frontswap.ts";
import { testKills } from "./kills.ts";
import { sharedTestingModule } from "./modules.ts";

testKills({ name: "array backend", kills: 20, pairs: 3 });
testKills({ name: "shared zmem backend", module: sharedTestingModule(), kills: 50, pairs: 12 });

const misuse = suite("SharedFrontswap: joining, leaving, reaping");

misuse("ids are given again, tickets count once, and who was reaped is refused", () => {
  const first = new SharedFrontswap();
  const ticket = first.reserveWorker();
  const second = SharedFrontswap.join(first.control, { ticket });
  assert.is(second.workerId, ticket.workerId);
  assert.throws(() => SharedFrontswap.join(first.control, { ticket }), /used before/);
  second.detach();
  assert.is(first.reap(ticket.workerId), false, "it had left");
  const third = SharedFrontswap.join(first.control);
  assert.is(third.workerId, ticket.workerId);
  assert.is(first.reap(third.workerId), true);
  assert.throws(() => third.typeOn(0, 10), /was reaped/);
  assert.throws(() => first.reap(first.workerId), RangeError);
  for (const id of [0, 64, 1.5, NaN]) assert.throws(() => first.reap(id), RangeError);
  const many = Array.from({ length: 62 }, () => SharedFrontswap.join(first.control));
  assert.throws(() => SharedFrontswap.join(first.control), /63 worker ids/);
  for (const one of many) one.detach();
  first.close();
  assert.throws(() => SharedFrontswap.join(first.control), /closed/);
  assert.throws(() => SharedFrontswap.join(new WebAssembly.Memory({ initial: 1 })), TypeError);
});

misuse.run();
