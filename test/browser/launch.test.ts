/**
 * The ground under the other browser tests: a page of ours really runs in a real browser, isolated
 * where the headers say so, and the engine has what zmem requires.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import { launchBrowser } from "./launch.ts";

const test = suite("browser");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
test.after(async () => {
  await launched?.close();
});

for (const isolated of [true, false]) {
  const title = `a page is ${isolated ? "" : "not "}cross-origin isolated as its headers say`;
  inBrowser(title, async () => {
    assert.ok(launched);
    const server = await serve({ files: { "/index.html": "<title>x</title>" }, isolated });
    const page = await launched.browser.newPage();
    try {
      await page.goto(`${server.url}/`);
      assert.is(await page.evaluate(() => crossOriginIsolated), isolated);
      assert.is(await page.evaluate(() => typeof WebAssembly), "object");
    } finally {
      await page.close();
      await server.close();
    }
  });
}

test("the server keeps to its folder", async () => {
  const server = await serve({ folder: import.meta.dirname });
  try {
    const own = await fetch(`${server.url}/launch.ts`);
    assert.is(own.status, 200);
    for (const path of ["/..%2f..%2fpackage.json", "/%2e%2e/%2e%2e/package.json", "/%zz"]) {
      const outside = await fetch(`${server.url}${path}`);
      assert.ok(outside.status === 404 || outside.status === 400, `${path}: ${outside.status}`);
    }
  } finally {
    await server.close();
  }
});

test.run();
