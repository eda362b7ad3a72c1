/**
 * A JavaScript program with much state, whose heap is read from outside while it waits.
 *
 * What: a third of the heap each for the syntax trees of source files, the records of a service
 * (parsed JSON, then linked and changed), and an in-memory cache (Maps, class instances, dates,
 * small arrays, closures, strings cut from longer ones). A fifth of it all is then dropped and
 * filled again, and the collector run, as in a process that has been up for a while.
 *
 * Usage: node --expose-gc js-heap-program.mjs BYTES TEXT_FILE. Prints "ready" and waits for the end
 * of its input. On a platform whose memory can't be read, SNAPSHOT as third argument names a file
 * to write a heap snapshot to.
 */
import { readFileSync } from "node:fs";
import { writeHeapSnapshot } from "node:v8";
import { parsers } from "prettier/plugins/babel";

const [wanted, textPath, snapshotPath] = process.argv.slice(2);
const text = readFileSync(textPath, "utf8");
const words = [...new Set(text.slice(0, 4 << 20).match(/[A-Za-z]{3,12}/g))];
let state = 12345;
const below = (limit) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 0x1_0000_0000) * limit);
};
// Drawn as texts use words: the early ones far more often (a cube of the uniform draw).
const word = () => words[Math.floor((below(4096) / 4096) ** 3 * words.length)];
const heapBytes = () => process.memoryUsage().heapUsed;

// What real records share: places, prices, labels; and links mostly to what is recent.
const skewed = (count) => Math.floor((below(4096) / 4096) ** 3 * count);
const cities = Array.from({ length: 300 }, () => ({
  name: word(),
  zip: String(10000 + below(90000)),
}));
const prices = Array.from({ length: 400 }, () => below(200) + 0.99);

const trees = [];
const records = [];
const cache = new Map();

class Session {
  #touched = skewed(1e6);
  constructor(id) {
    this.id = id;
    this.user = `${word()}.${word()}@example.com`;
    this.started = new Date(1.7e12 + id * 977);
    this.position = { x: skewed(1000) / 4, y: skewed(1000) / 4 };
    this.history = Array.from({ length: below(12) }, () => skewed(5000));
    this.expired = () => this.#touched < id;
  }
}

function growTrees(limit) {
  // Pieces that parse on their own: top-level functions and classes of the sources.
  const pieces = text.split(/\n(?=(?:export )?(?:async )?(?:function|class) )/);
  for (let at = below(pieces.length), tries = 0; heapBytes() < limit && tries < 4e4; tries++) {
    at = (at + 1) % pieces.length;
    if (pieces[at].length > 40_000) continue;
    try {
      trees.push(parsers.babel.parse(pieces[at], {}));
    } catch {
      // Cut in the wrong place or no JavaScript.
    }
  }
}

function growRecords(limit) {
  while (heapBytes() < limit) {
    const batch = Array.from({ length: 500 }, (_, at) => ({
      id: records.length + at,
      name: `${word()} ${word()}`,
      tags: Array.from({ length: below(5) }, word),
      price: prices[skewed(prices.length)],
      address: { street: `${word()} ${below(200)}`, city: cities[skewed(cities.length)] },
      active: below(8) !== 0,
      related: null,
    }));
    for (const record of JSON.parse(JSON.stringify(batch))) {
      record.related = records[records.length - skewed(records.length)] ?? null;
      if (below(4) === 0) record.seen = skewed(1000);
      records.push(record);
    }
  }
}

function growCache(limit) {
  for (let id = cache.size * 3; heapBytes() < limit; id++) {
    const session = new Session(id);
    cache.set(`session:${id}:${word()}`, session);
    if (id % 3 === 0) {
      const at = below(text.length - 400);
      session.fragment = text.slice(at, at + 20 + below(200));
      session.counts = new Map(Array.from({ length: 4 }, () => [word(), skewed(1000)]));
    }
  }
}

const target = Number(wanted);
const start = heapBytes();
growTrees(start + target / 3);
growRecords(start + (target * 2) / 3);
growCache(start + target);
for (let at = 0; at < records.length; at += 5) records[at] = null;
for (let at = 0; at < trees.length; at += 5) trees[at] = null;
let at = 0;
for (const key of cache.keys()) if (at++ % 5 === 0) cache.delete(key);
globalThis.gc();
growRecords(start + target * 0.9);
growCache(start + target);
globalThis.gc();
globalThis.kept = [trees, records, cache];

if (snapshotPath !== undefined) writeHeapSnapshot(snapshotPath);
process.stdout.write("ready\n");
process.stdin.on("end", () => process.exit(0)).resume();
