/**
 * What the demo thinks without a browser: cell orders, camera, columns, history, links, and the
 * sequences of blocks that the store itself has made.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createRandom } from "../../src/cli/sampling.ts";
import { createZmem } from "../../src/index.ts";
import { parseBlock } from "../../web/inspector/block-tokens.ts";
import { Camera } from "../../web/map/camera.ts";
import { layOutHilbert, layOutRows } from "../../web/map/order.ts";
import { Columns } from "../../web/model/columns.ts";
import { History } from "../../web/model/history.ts";
import { Moment, MOST_EVENTS_AT_ONCE, SLICE } from "../../web/model/moment.ts";
import { explainOptions, toPoolOptions } from "../../web/model/pool-options.ts";
import { DEFAULT_STATE, formatLink, type LinkState, parseLink } from "../../web/model/link.ts";
import {
  type DeviceKind,
  FORM_ABSENT,
  FORM_COMPRESSED,
  FORM_COUNT,
  FORM_ON_DEVICE,
  FORM_REJECTED,
} from "../../web/protocol.ts";
import { BUDGET_MS, Frames } from "../../web/ui/frames.ts";
import { LatencyRecorder } from "../../web/worker/latency.ts";
import { MovedPages } from "../../web/worker/moved-pages.ts";

const SEED = 42;
const test = suite("demo model");

for (const pages of [1, 2, 5, 16, 17, 100, 256, 1000, 4736]) {
  test(`${pages} pages: both orders give every page a cell of its own, and find it again`, () => {
    for (const layout of [layOutRows(pages, 1.6), layOutRows(pages, 1, 16), layOutHilbert(pages)]) {
      const places = new Set<number>();
      for (let page = 0; page < pages; page++) {
        const place = layout.place(page);
        const column = place % layout.columns;
        const row = Math.floor(place / layout.columns);
        assert.ok(place >= 0 && row < layout.rows, `page ${page} lies outside`);
        assert.is(layout.pageAt(column, row), page);
        places.add(place);
      }
      assert.is(places.size, pages);
    }
  });
}

test("neighbours along the Hilbert curve are neighbours on the map, and no row stays empty", () => {
  for (const pages of [64, 1000, 3000]) {
    const layout = layOutHilbert(pages);
    const rows = new Set<number>();
    const columns = new Set<number>();
    for (let page = 0; page < pages; page++) {
      const place = layout.place(page);
      const [column, row] = [place % layout.columns, Math.floor(place / layout.columns)];
      rows.add(row);
      columns.add(column);
      if (page === 0) continue;
      const before = layout.place(page - 1);
      const distance =
        Math.abs((before % layout.columns) - column) +
        Math.abs(Math.floor(before / layout.columns) - row);
      assert.is(distance, 1, `pages ${page - 1} and ${page}`);
    }
    assert.is(rows.size, layout.rows);
    assert.is(columns.size, layout.columns);
  }
});

test("zooming keeps the cell under the pointer, and never loses the grid", () => {
  const camera = new Camera();
  const random = createRandom(SEED);
  camera.fit(200, 100, 800, 400);
  assert.is(camera.scale, 4);
  camera.zoomAt(400, 200, 4);
  const cell = (x: number, y: number): [number, number] => [
    camera.left + x / camera.scale,
    camera.top + y / camera.scale,
  ];
  const before = cell(430, 190);
  camera.zoomAt(430, 190, 1.7);
  const after = cell(430, 190);
  assert.ok(Math.abs(before[0] - after[0]) < 1e-9 && Math.abs(before[1] - after[1]) < 1e-9);
  for (let step = 0; step < 2000; step++) {
    if (random() < 0.5) camera.zoomAt(random() * 800, random() * 400, 0.4 + random() * 2);
    else camera.pan((random() - 0.5) * 900, (random() - 0.5) * 900);
    assert.ok(camera.zoom >= 1 && camera.zoom <= camera.mostZoom);
    assert.ok(camera.left > -1e-6 && camera.left + 800 / camera.scale < 200 + 1e-6, `seed ${SEED}`);
    assert.ok(camera.top > -1e-6 && camera.top + 400 / camera.scale < 100 + 1e-6, `seed ${SEED}`);
  }
  camera.reveal(199, 99);
  const [right, bottom] = cell(800, 400);
  assert.ok(right >= 200 - 1e-6 && bottom >= 100 - 1e-6, "the last cell is not seen");
});

test("counts and histogram are those of the columns, whatever changes came", () => {
  const random = createRandom(SEED);
  const columns = new Columns();
  columns.reset(100, 4096);
  for (let step = 0; step < 200; step++) {
    const count = 1 + Math.floor(random() * 20);
    const pages = Uint32Array.from({ length: count }, () => Math.floor(random() * 300));
    const forms = Uint8Array.from({ length: count }, () => Math.floor(random() * FORM_COUNT));
    const sizes = Uint32Array.from({ length: count }, () => Math.floor(random() * 4097));
    columns.apply(pages, forms, sizes);
  }
  const counts = new Uint32Array(FORM_COUNT);
  let inHistogram = 0;
  for (let page = 0; page < columns.pages; page++) {
    const form = columns.forms[page] as number;
    counts[form] = (counts[form] as number) + 1;
    if (form === 2 || form === 3) inHistogram += 1;
  }
  assert.equal([...columns.counts], [...counts], `seed ${SEED}`);
  assert.is(
    columns.histogram.reduce((sum, count) => sum + count, 0),
    inHistogram,
  );
});

/** Batches of random events, and the columns that they lead to. */
function makeEvents(batches: number, batchPages: number, pages: number) {
  const random = createRandom(SEED);
  const columns = new Columns();
  const history = new History();
  columns.reset(pages, 4096);
  history.reset(10);
  for (let batch = 0; batch < batches; batch++) {
    const numbers = Uint32Array.from({ length: batchPages }, () => random() * pages);
    const forms = Uint8Array.from({ length: batchPages }, () => 1 + random() * 5);
    const sizes = Uint32Array.from({ length: batchPages }, () => random() * 4096);
    history.add(columns.apply(numbers, forms, sizes), batch % 4);
  }
  return { columns, history, random };
}

test("a history that has outgrown its room still plays back to the present", () => {
  const { columns, history } = makeEvents(30, 50_000, 5000);
  assert.is(history.end, 30 * 50_000);
  assert.ok(history.end - history.first <= 2 ** 20 && history.first > 0, "nothing was forgotten");
  // The last batch has kept what happened.
  const events = new Set<number>();
  history.play(history.end - 50_000, history.end, (...[, , , event]) => events.add(event));
  assert.equal([...events], [29 % 4]);
  const moment = new Moment(columns, history);
  // However much time there is, a move goes a bounded way.
  const moveAll = (to: number): void => {
    for (let before = moment.at; !moment.move(to, Infinity, () => undefined); before = moment.at) {
      assert.ok(Math.abs(moment.at - before) <= MOST_EVENTS_AT_ONCE);
    }
  };
  moveAll(0);
  assert.is(moment.at, history.first);
  moveAll(history.end);
  assert.equal(moment.forms, columns.forms, `seed ${SEED}`);
  assert.equal(moment.sizes, columns.sizes, `seed ${SEED}`);
});

test("time goes to any place, either way, and tells of what differs and no more", () => {
  const { columns, history, random } = makeEvents(40, 500, 300);
  const forms = new Uint8Array(300);
  const states = [forms.slice()];
  history.play(0, history.end, (page, form) => {
    forms[page] = form;
    states.push(forms.slice());
  });
  assert.equal(forms, columns.forms);
  const moment = new Moment(columns, history);
  for (let step = 0; step < 200; step++) {
    const before = moment.at;
    const to = Math.floor(random() * (history.end + 1));
    let told = 0;
    assert.is(
      moment.move(to, Infinity, () => (told += 1)),
      true,
    );
    assert.is(moment.at, to);
    assert.is(told, Math.abs(to - before), `seed ${SEED}, from ${before} to ${to}`);
    assert.equal(moment.forms, states[to], `seed ${SEED}, from ${before} to ${to}`);
  }
});

test("a jump in time stops when its time is up, and goes on from there", () => {
  const { columns, history } = makeEvents(20, 5000, 300);
  const moment = new Moment(columns, history);
  let steps = 0;
  while (!moment.move(0, -Infinity, () => undefined)) steps += 1;
  assert.is(steps, Math.ceil(history.end / SLICE) - 1);
  assert.is(moment.at, 0);
  assert.equal(moment.forms, new Uint8Array(300));
});

test("views that find the frame's time used up come first in the next one", () => {
  const frames: FrameRequestCallback[] = [];
  const { requestAnimationFrame } = globalThis;
  const { now } = performance;
  let clock = 0;
  globalThis.requestAnimationFrame = (run) => frames.push(run);
  performance.now = () => clock;
  try {
    const loop = new Frames();
    const drawn: string[] = [];
    let rounds = 0;
    const slow = (): boolean => {
      drawn.push("slow");
      clock += BUDGET_MS;
      rounds += 1;
      return rounds < 3;
    };
    const quick = (): void => void drawn.push("quick");
    const late = (): void => void drawn.push("late");
    loop.request(slow);
    loop.request(quick);
    loop.request(late);
    loop.request(quick);
    while (frames.length > 0) {
      frames.shift()?.(0);
      drawn.push("|");
    }
    assert.is(drawn.join(" "), "slow | quick late slow | slow |");
    assert.equal([loop.report().frames, loop.report().worstMs], [3, BUDGET_MS]);
  } finally {
    globalThis.requestAnimationFrame = requestAnimationFrame;
    performance.now = now;
  }
});

test("what a page does unseen is the cost of no frame, and no frame has no cost", () => {
  const frames: FrameRequestCallback[] = [];
  const { requestAnimationFrame, document } = globalThis;
  const { now } = performance;
  let clock = 0;
  let hidden = false;
  globalThis.requestAnimationFrame = (run) => frames.push(run);
  globalThis.document = {
    get hidden() {
      return hidden;
    },
  } as Document;
  performance.now = () => clock;
  try {
    const loop = new Frames();
    const work = (milliseconds: number): void => loop.measure(() => (clock += milliseconds));
    const none = { frames: 0, medianMs: null, p99Ms: null, worstMs: null };
    assert.equal(loop.report(), none);
    loop.request(() => undefined);
    hidden = true;
    work(500);
    hidden = false;
    work(2);
    frames.shift()?.(0);
    assert.equal([loop.report().frames, loop.report().worstMs], [1, 2]);
    work(30);
    loop.reset();
    assert.equal(loop.report(), none);
    loop.request(() => undefined);
    frames.shift()?.(0);
    assert.equal([loop.report().frames, loop.report().worstMs], [1, 0]);
  } finally {
    globalThis.requestAnimationFrame = requestAnimationFrame;
    globalThis.document = document;
    performance.now = now;
  }
});

test("workers and devices are what this page can have, and why not more is said", () => {
  const asked = { ...DEFAULT_STATE, device: "opfs", workers: 4 } as const;
  const options = (isolated: boolean, device: DeviceKind): string => {
    const taken = toPoolOptions({ ...asked, device }, isolated);
    return `${taken.workers} ${taken.device}`;
  };
  assert.is(options(true, "opfs"), "4 none");
  assert.is(options(true, "memory"), "4 memory");
  assert.is(options(false, "opfs"), "1 opfs");
  assert.match(explainOptions(asked, true), /^4 workers share one pool: .* memory or none/);
  assert.match(explainOptions(asked, false), /^One worker: .* not cross-origin isolated/);
  assert.is(explainOptions(DEFAULT_STATE, true), "");
});

test("pages that left a shared pool are found in turn, and all of them when asked", () => {
  const pages = 20_000;
  const forms = new Uint8Array(pages).fill(FORM_COMPRESSED);
  forms[3] = FORM_REJECTED;
  forms[4] = FORM_ON_DEVICE;
  forms[5] = FORM_ABSENT;
  const gone = new Set([3, 4, 5, 100, 9000, 19_999]);
  const info = { form: "compressed", codec: "lz4", payloadBytes: 1 } as const;
  const moved = new MovedPages((page) => (gone.has(page) ? undefined : info));
  assert.equal([...moved.find(forms, false)], [100]);
  assert.equal([...moved.find(forms, false)], [9000]);
  assert.equal([...moved.find(forms, true)].sort(), [100, 19_999, 9000]);
});

test("links say what is not usual, come back as they went, and survive nonsense", () => {
  assert.is(formatLink(DEFAULT_STATE), "");
  const state: LinkState = {
    source: "terrain",
    pageSize: 16384,
    limitBytes: 7 * 1024 ** 2,
    effort: "high",
    device: "opfs",
    workers: 3,
    page: 12,
    order: "hilbert",
    moment: 40,
    tab: "time",
    theme: "dark",
    cases: "codec",
    howLong: "full",
    view: { zoom: 3.5, x: 0.25, y: 0.75 },
  };
  assert.equal(parseLink(`#${formatLink(state)}`), state);
  assert.equal(parseLink("#"), DEFAULT_STATE);
  const nonsense =
    "#workers=9&cases=x&long=1&source=evil&size=5&limit=-3&effort=&page=1.5&moment=-2&view=a,b,c&order=%00&tab=x";
  assert.equal(parseLink(nonsense), DEFAULT_STATE);
});

test("the sequences of real blocks cover the page and rebuild it", async () => {
  const random = createRandom(SEED);
  for (const pageSize of [4096, 65536]) {
    const zmem = await createZmem({ pageSize });
    const area = zmem.swapOn({ pages: 40 });
    let matches = 0;
    const codecs = new Set<string>();
    for (let number = 0; number < 40; number++) {
      const page = new Uint8Array(pageSize);
      const period = 3 + Math.floor(random() * 400);
      // One in three is of words of 8 bytes, one of words of 4: their upper bytes repeat.
      const word = [0, 4, 8][number % 3] as number;
      for (let at = 0; at < pageSize; at++) {
        if (word > 0 && at % word > 1) page[at] = at % word;
        else page[at] = random() < 0.03 ? random() * 256 : (at % period) + number;
      }
      area.put(number, page);
      const stored = zmem.backend.readBlock(area.type, number);
      if (!stored?.codec) continue;
      const { codec, block } = stored;
      codecs.add(codec);
      const sequences = parseBlock(block, pageSize, codec);
      assert.ok(sequences, `seed ${SEED}, page ${number}, ${codec}`);
      const rebuilt = new Uint8Array(pageSize);
      let at = 0;
      let blockAt = 0;
      for (const sequence of sequences) {
        assert.is(sequence.pageOffset, at);
        assert.is(sequence.blockOffset, blockAt);
        // Literals end where the match offset begins; what was rebuilt is compared as a whole.
        rebuilt.set(page.subarray(at, at + sequence.literals), at);
        at += sequence.literals;
        for (let byte = 0; byte < sequence.matchLength; byte++, at++) {
          rebuilt[at] = rebuilt[at - sequence.matchOffset] as number;
        }
        if (sequence.matchLength > 0) matches += 1;
        blockAt += sequence.blockBytes;
      }
      assert.is(blockAt, block.length);
      assert.equal(rebuilt, page);
    }
    assert.ok(matches > 100, `${matches} matches`);
    assert.equal([...codecs].sort(), ["longWords", "lz4", "words"]);
    zmem.close();
  }
});

test("what is no block is said to be none", () => {
  for (const bytes of [[], [0x10], [0x1f, 65], [0x10, 65, 5, 0], [0x00, 0, 0], [0xf0, 255, 255]]) {
    for (const codec of ["lz4", "words", "longWords"] as const) {
      assert.is(
        parseBlock(Uint8Array.from(bytes), 4096, codec),
        null,
        `${codec}: ${bytes.join(" ")}`,
      );
    }
  }
});

test("percentiles are within a bin of the truth", () => {
  const recorder = new LatencyRecorder();
  assert.equal(recorder.read(), { p50: null, p99: null });
  for (let index = 1; index <= 1000; index++) recorder.add(8, (8 * index) / 1000);
  const { p50, p99 } = recorder.read();
  assert.ok(p50 !== null && Math.abs(p50 / 500 - 1) < 0.05, `p50 ${p50}`);
  assert.ok(p99 !== null && Math.abs(p99 / 990 - 1) < 0.05, `p99 ${p99}`);
  assert.is(recorder.pages, 8000);
});

test.run();
