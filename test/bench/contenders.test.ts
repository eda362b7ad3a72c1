/**
 * The contenders in Node: each codec and each store gives back what it was given, for every page
 * size, or says why it can't be here.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { makeSparse } from "../../bench/corpora/ends.ts";
import { randomBytes } from "../../bench/corpora/random.ts";
import { isEqual } from "../../bench/harness/pages.ts";
import { buildModule } from "../../bench/peers/codec-module.ts";
import { nodeStores } from "../../bench/peers/node-stores.ts";
import { nodeCodecs, peerVersions } from "../../bench/peers/node.ts";

const test = suite("bench contenders");
const PAGE_SIZES = [4096, 8192, 16384, 32768, 65536];

/** Pages that compress, hardly compress, don't, and are same-filled. */
function pagesOf(pageSize: number): Uint8Array[] {
  const material = randomBytes(1 << 16, 12);
  const text = new TextEncoder().encode(
    "the quick brown fox jumps over the lazy dog, again; ".repeat(1400),
  );
  return [
    makeSparse(pageSize * 2, material).bytes.subarray(pageSize),
    text.slice(7, 7 + pageSize),
    material.slice(0, pageSize),
    new Uint8Array(pageSize),
    new Uint8Array(pageSize).fill(0x5a),
  ];
}

const compile = async (): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await buildModule("codec"));

for (const contender of nodeCodecs("0", peerVersions(), compile)) {
  test(`codec ${contender.name} gives back every page`, async () => {
    let codec;
    try {
      codec = await contender.load();
    } catch (error) {
      // Only one contender may be missing: what this Node does not have.
      assert.match((error as Error).message, /has no zstd/);
      return;
    }
    for (const pageSize of PAGE_SIZES) {
      for (const [index, page] of pagesOf(pageSize).entries()) {
        const before = page.slice();
        const block = codec.compress(page);
        assert.ok(isEqual(page, before), "the page is as it was");
        const kept = block.slice();
        codec.compress(before.fill(1));
        assert.ok(isEqual(block, kept), "the caller may keep the block");
        assert.ok(isEqual(codec.decompress(block, pageSize), page), `page ${index} of ${pageSize}`);
      }
    }
  });
}

for (const contender of nodeStores()) {
  test(`store ${contender.name} gives back, overwrites and flushes`, async () => {
    for (const pageSize of [4096, 65536]) {
      const store = await contender.open(pageSize);
      const pages = pagesOf(pageSize);
      const into = new Uint8Array(pageSize);
      pages.forEach((page, key) => assert.ok(store.put(key, page)));
      pages.forEach((page, key) => assert.ok(isEqual(store.get(key, into)!, page), `page ${key}`));
      const accounted = store.accountedBytes();
      assert.ok(accounted > pageSize, `${accounted} bytes hold a random page and others`);
      assert.ok(store.put(0, pages[1] as Uint8Array));
      assert.ok(isEqual(store.get(0, into)!, pages[1] as Uint8Array), "overwritten");
      assert.is(store.flush(0), true);
      assert.is(store.get(0, into), undefined);
      assert.is(store.flush(0), false);
      for (let key = 1; key < pages.length; key++) store.flush(key);
      // zmem's includes what it has not given back.
      if (contender.name !== "zmem") assert.is(store.accountedBytes(), 0);
      store.close();
    }
  });

  test(`store ${contender.name} keeps to a limit and takes pages again after flushes`, async () => {
    const limitBytes = 1 << 20;
    const store = await contender.open(4096, limitBytes);
    const page = randomBytes(4096, 3);
    let accepted = 0;
    for (let key = 0; key < 1000; key++) if (store.put(key, page)) accepted += 1;
    let found = 0;
    const into = new Uint8Array(4096);
    for (let key = 0; key < 1000; key++) if (store.get(key, into) !== undefined) found += 1;
    assert.ok(found > 100 && found <= 256, `${found} pages of 4 KiB in 1 MiB`);
    assert.ok(accepted === found || contender.name.startsWith("lru-cache"), `${accepted} accepted`);
    for (let key = 0; key < 1000; key++) store.flush(key);
    assert.ok(store.put(5, page));
    store.close();
  });
}

test("what packages are used is known by version", () => {
  const versions = peerVersions();
  for (const name of ["lz4-wasm-nodejs", "lz4js", "snappy", "fflate", "pako", "lru-cache"]) {
    assert.match(versions[name] ?? "", /^\d+\.\d+/, name);
  }
});

test.run();
