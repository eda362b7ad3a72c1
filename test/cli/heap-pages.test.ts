/** Which ranges of a process are its heap, and that the copy of our own holds what we put there. */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { copyHeapPages, mapsToAnonymousRanges } from "../../src/cli/heap-pages.ts";

const test = suite("heap pages");

const MAPS = `\
00400000-05c00000 r-xp 00000000 fe:00 1234 /usr/bin/node
05c00000-05c10000 rw-p 05800000 fe:00 1234 /usr/bin/node
05c10000-05c20000 rw-p 00000000 00:00 0 
06000000-06100000 rw-p 00000000 00:00 0                                  [heap]
7f0000000000-7f0000100000 ---p 00000000 00:00 0 
7f0000100000-7f0000200000 rw-p 00000000 00:00 0                          [anon:v8]
7f0000200000-7f0000300000 rwxp 00000000 00:00 0 
7f0000300000-7f0000400000 rw-s 00000000 00:01 77 /dev/zero (deleted)
7f0000400000-7f0000500000 r--p 00000000 00:00 0 
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
`;

test("private, writable, without a file, named nothing or heap", () => {
  const ranges = mapsToAnonymousRanges(MAPS).map(({ start, end }) => [start, end - start]);
  assert.equal(ranges, [
    [0x05c10000, 0x10000],
    [0x06000000, 0x100000],
    [0x7f0000100000, 0x100000],
    [0x7f0000200000, 0x100000],
  ]);
});

test("the copy holds what the process holds, in whole pages, up to the limit", () => {
  if (process.platform !== "linux") return;
  const mark = Buffer.from(`a mark that is nowhere else: ${process.pid} ${Math.PI}`);
  const held = Buffer.alloc(1 << 20);
  for (let at = 0; at + mark.length < held.length; at += 1000) held.set(mark, at);
  const copy = copyHeapPages(1 << 30);
  assert.ok(copy !== null && copy.length > 1 << 20);
  assert.is(copy.length % 4096, 0);
  let found = 0;
  const bytes = Buffer.from(copy.buffer, copy.byteOffset, copy.length);
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) found += 1;
  assert.ok(found >= 1000, `the mark was found ${found} times`);
  assert.is(copyHeapPages(3 * 4096 + 5)?.length, 3 * 4096);
});

test.run();
