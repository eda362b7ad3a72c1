/**
 * The ground under the other browser tests: a page of ours really runs in each real browser,
 * isolated where the headers say so, and the engine has what zmem requires.
 */
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import { launchBrowser, launchFirefox, type LaunchedBrowser } from "./launch.ts";

const test = suite("browser");

const browsers: readonly (readonly [string, LaunchedBrowser | null])[] = [
  ["Chromium", await launchBrowser()],
  ["Firefox", await launchFirefox()],
];
test.after(async () => {
  for (const [, launched] of browsers) await launched?.close();
});

for (const [name, launched] of browsers) {
  const inBrowser = launched === null ? test.skip : test;
  for (const isolated of [true, false]) {
    const title = `${name}: a page is ${isolated ? "" : "not "}cross-origin isolated as its headers say`;
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
}

/** Runs with a variable set to a value. */
async function withVariable(name: string, value: string, run: () => Promise<void>): Promise<void> {
  const before = process.env[name];
  process.env[name] = value;
  try {
    await run();
  } finally {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  }
}

for (const [variable, launch] of [
  ["ZMEM_CHROMIUM", launchBrowser],
  ["ZMEM_FIREFOX", launchFirefox],
] as const) {
  test(`${variable} with a path that does not exist is an error that says so`, () =>
    withVariable(variable, "/no/such/browser", async () => {
      const error = await launch().then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      assert.match(
        error?.message ?? "",
        `${variable} names /no/such/browser, which does not exist`,
      );
    }));
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
