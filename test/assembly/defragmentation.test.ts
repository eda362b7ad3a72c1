/** What a put moves before memory grows. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import { makePage } from "../conformance/pages.ts";
import { lastInstance, testingModule } from "./testing-module.ts";

const PAGE_SIZE = 4096;
const HOLES = 220;
const PAGES = 2800;
const test = suite("defragmentation by puts");

/** A page whose block is about `length` bytes: so many random ones, the rest 0. */
function pageOf(length: number, seed: number): Uint8Array {
  const page = makePage("random", seed, PAGE_SIZE);
  page.fill(0, length);
  return page;
}

test("runs near each other are joined, though the next one lies far from any other", () => {
  const module = testingModule();
  const pool = new ZmemBackend(module.createInstance, { acceptRaw: true });
  assert.is(pool.init(PAGE_SIZE), 0);
  assert.ok(pool.openType(0));
  let offset = 0;
  const putRaw = (): void => {
    assert.ok(pool.putPage(0, offset, makePage("random", offset, PAGE_SIZE)));
    offset++;
  };
  const holes: number[] = [];
  /** A zspage of one object in a class of its own: what it leaves is too short for a raw page. */
  const putHole = (length = 200 + holes.length * 16): void => {
    holes.push(offset);
    assert.ok(pool.putPage(0, offset, pageOf(length, offset)));
    offset++;
  };
  const addressOf = (key: number): number => pool.locatePage(0, key)?.address ?? 0;
  // The whole index first: it does not move.
  for (let key = 0; key < PAGES; key++) assert.ok(pool.putPage(0, key, new Uint8Array(PAGE_SIZE)));
  // A hole, 5 MiB of raw pages, and the other holes with a few raw pages between.
  for (let page = 0; page < 8; page++) putRaw();
  putHole(3800);
  const lone = offset - 1;
  for (let page = 0; page < 1280; page++) putRaw();
  while (holes.length < HOLES) {
    putHole();
    for (let page = 0; page < 4; page++) putRaw();
  }
  // What tables have left behind is brought together.
  assert.ok(pool.compact().done);
  const raw = Array.from({ length: 1280 }, (_, page) => addressOf(lone + 1 + page));
  assert.ok(Math.min(...raw) > addressOf(lone), "the lone hole lies before the raw pages");
  // Some fill gaps that were left earlier: these stay.
  const far = holes.filter((hole) => addressOf(hole) > addressOf(lone) + (4 << 20));
  assert.ok(far.length > 150, `${far.length} holes lie far behind the first`);
  const { heldBytes } = pool.stats();
  for (const hole of [lone, ...far]) assert.ok(pool.flushPage(0, hole));
  assert.ok(pool.stats().freeBytes > 384 << 10, "what is free is worth joining");
  lastInstance(module).exports.startDefragmentation();
  while (pool.stats().heldBytes === heldBytes) putRaw();
  const { freeBytes, heldBytes: grown } = pool.stats();
  const left = freeBytes - (grown - heldBytes);
  assert.ok(left < 256 << 10, `memory grew while ${left} bytes were free`);
  assert.is(lastInstance(module).exports.validate(), 0);
});

test.run();
