/**
 * The budget of writeback that workers share: what all of them together write is bounded, what is
 * not written is given back, and a full pool rejects while it is used up.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemoryStorage, type MemoryStorageLink } from "../../src/devices/memory-storage.ts";
import type { BudgetOptions } from "../../src/rate-budget.ts";
import { Control } from "../../src/shared/control.ts";
import { WriteBudget } from "../../src/shared/write-budget.ts";
import { SharedZmem } from "../../src/shared/zmem.ts";
import { createRandom, makePage } from "../conformance/pages.ts";
import { sharedModule } from "./modules.ts";

const seed = Number(process.env["ZMEM_SEED"] ?? Date.now() % 1_000_000);
console.log(`seed ${seed} (ZMEM_SEED=${seed} repeats it)`);
const PAGE_SIZE = 4096;
const START_MS = 1_790_000_000_000;
const test = suite("shared pool, budget of writeback");

/** Workers on one control memory, and a clock that the test moves. */
function createBudgets(budget: BudgetOptions): { budgets: WriteBudget[]; clock: { ms: number } } {
  const clock = { ms: START_MS };
  const control = Control.create(PAGE_SIZE);
  const budgets = Array.from({ length: 3 }, () => new WriteBudget(control, budget, () => clock.ms));
  return { budgets, clock };
}

test("over any time, all workers together spend no more than a second's worth above the rate", () => {
  const random = createRandom(seed);
  for (const pages of [1, 7, 1000]) {
    const { budgets, clock } = createBudgets({ pages });
    const spent: { at: number; pages: number }[] = [];
    for (let call = 0; call < 400; call++) {
      clock.ms += random.below(3) === 0 ? random.below(1500) : random.below(20);
      const budget = budgets[random.below(budgets.length)] as WriteBudget;
      const taken = budget.takePages(1 + random.below(64));
      const unwritten = random.below(4) === 0 ? random.below(taken + 1) : 0;
      budget.giveBackPages(unwritten);
      spent.push({ at: clock.ms, pages: taken - unwritten });
    }
    for (let from = 0; from < spent.length; from++) {
      let sum = 0;
      for (let to = from; to < spent.length; to++) {
        sum += spent[to]?.pages ?? 0;
        const seconds = ((spent[to]?.at ?? 0) - (spent[from]?.at ?? 0)) / 1000;
        assert.ok(sum <= (seconds + 1) * pages + 1e-6, `${sum} pages in ${seconds} s at ${pages}`);
      }
    }
  }
});

test("what is not spent is there again, up to a second's worth", () => {
  const { budgets, clock } = createBudgets({ pages: 10 });
  const [first, second] = budgets as [WriteBudget, WriteBudget];
  assert.is(first.takePages(8), 8);
  assert.is(second.takePages(8), 2, "what the other has left");
  assert.is(first.takePages(1), 0);
  second.giveBackPages(2);
  assert.is(first.takePages(8), 2, "what the other gave back");
  clock.ms += 300;
  assert.is(second.takePages(8), 3);
  clock.ms += 60_000;
  assert.is(first.takePages(64), 10, "no more than a second's worth after a pause");
});

test("blocks are allowed from the first on, by their bytes", () => {
  const { budgets } = createBudgets({ bytes: 10_000 });
  const [budget] = budgets as [WriteBudget];
  assert.is(budget.takePages(64), 64, "pages are without bound");
  assert.is(budget.takeBlocks([4000, 4000, 4000]), 2);
  assert.is(budget.takeBlocks([3000]), 0);
  assert.is(budget.takeBlocks([1500, 400]), 2, "what the third block did not take is left");
});

test("a clock that is set back costs a second at most", () => {
  const { budgets, clock } = createBudgets({ pages: 4 });
  const [budget] = budgets as [WriteBudget];
  assert.is(budget.takePages(4), 4);
  clock.ms -= 3_600_000;
  assert.is(budget.takePages(4), 0);
  clock.ms += 1000;
  assert.is(budget.takePages(4), 4);
});

test("a budget under a page per second is refused", async () => {
  const bad: [BudgetOptions, RegExp][] = [
    [{ pages: 0.5 }, /expected a page or more per second, got 0.5 pages/],
    [{ bytes: PAGE_SIZE - 1 }, /got undefined pages, 4095 bytes/],
    [{ pages: Number.NaN }, /got NaN pages/],
  ];
  for (const [budget, message] of bad) {
    await SharedZmem.create(sharedModule(), { maximumBytes: 2 ** 22, writeback: { budget } }).then(
      () => assert.unreachable("it was accepted"),
      (error: Error) => {
        assert.instance(error, RangeError);
        assert.match(error.message, message);
      },
    );
  }
});

test("two workers write back no more than the budget, and a full pool rejects meanwhile", async () => {
  const budget = { pages: 20 };
  const started = performance.now();
  const zmem = await SharedZmem.create(sharedModule(), {
    limitBytes: 2 ** 20,
    maximumBytes: 2 ** 22,
    writeback: { budget },
  });
  const device = MemoryStorage.create(2000 * 2 * PAGE_SIZE);
  const area = zmem.swapOn({ pages: 1000, device });
  const other = await SharedZmem.attach(zmem.attachment);
  const link = area.link as MemoryStorageLink;
  const others = other.area(area.type, { device: MemoryStorage.open(link) });
  for (let offset = 0; offset < 400; offset++) {
    const one = offset % 2 === 0 ? area : others;
    assert.ok(one.put(offset, makePage("random", offset, PAGE_SIZE)), "the pool or the device");
  }
  zmem.writeBack(100);
  other.writeBack(100);
  const seconds = (performance.now() - started) / 1000;
  const { writtenBackPages, budgetStops, failedPuts } = zmem.stats();
  assert.ok(writtenBackPages > 0, "some were written back");
  assert.ok(writtenBackPages <= (seconds + 1) * budget.pages, `${writtenBackPages} in ${seconds}`);
  assert.ok(budgetStops > 0 && failedPuts > 0, `${budgetStops} stops, ${failedPuts} rejected`);
  const got = new Uint8Array(PAGE_SIZE);
  for (let offset = 0; offset < 400; offset++) {
    assert.ok(others.get(offset, got), `page ${offset}`);
    assert.equal(got, makePage("random", offset, PAGE_SIZE));
  }
  other.detach();
  zmem.close();
});

test.run();
