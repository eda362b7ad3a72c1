/** The progress line: only for a terminal, one line, wiped at the end. */
import { type WriteStream } from "node:tty";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { createProgress } from "../../src/cli/progress.ts";

const test = suite("progress");

function fakeStream(isTTY: boolean, columns = 40): { stream: WriteStream; written: string[] } {
  const written: string[] = [];
  const write = (text: string): boolean => written.push(text) > 0;
  return { stream: { isTTY, columns, write } as unknown as WriteStream, written };
}

test("says nothing where no terminal is", () => {
  const { stream, written } = fakeStream(false);
  const progress = createProgress(stream);
  progress.show("a file", 5, 10);
  progress.clear();
  assert.equal(written, []);
});

test("draws a bar in one line that fits, and wipes it", () => {
  const { stream, written } = fakeStream(true);
  const progress = createProgress(stream);
  progress.show("a name that is longer than the terminal is wide", 2048, 4096);
  assert.is(written.length, 1);
  const line = (written[0] ?? "").replace("\r\u001b[K", "");
  assert.is(line, "[############............] 2K of 4K  a ");
  assert.is(line.length, 39);
  progress.clear();
  assert.is(written[1], "\r\u001b[K");
  progress.clear();
  assert.is(written.length, 2);
});

test("a name can't move the cursor or break the line", () => {
  const { stream, written } = fakeStream(true, 200);
  createProgress(stream).show("a\nb\u001b[2Jc", 1, 0);
  assert.match(written[0] ?? "", /read {2}a\uFFFDb\uFFFD\[2Jc$/);
});

test("does without a bar where the size is not known", () => {
  const { stream, written } = fakeStream(true);
  createProgress(stream).show("-", 2048, 0);
  assert.match(written[0] ?? "", /2K read {2}-$/);
});

test("draws at most ten times a second", () => {
  const { stream, written } = fakeStream(true);
  const progress = createProgress(stream);
  const end = performance.now() + 30;
  while (performance.now() < end) progress.show("-", 1, 2);
  assert.is(written.length, 1);
});

test.run();
