/**
 * The devices of the browser on real storage: conformance in a worker (OPFS, IndexedDB) and in a
 * page (IndexedDB), what a killed worker or a closed page leaves, and a quota that is used up.
 *
 * ZMEM_MEASURE=1 prints the time per page of each device instead of leaving it out.
 */
import { build } from "esbuild";
import type { Page } from "puppeteer-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import { launchBrowser } from "./launch.ts";
import type { CaseResult, Command } from "./devices-run.ts";

const test = suite("browser devices");
const launched = await launchBrowser();
const inBrowser = launched === null ? test.skip : test;
const server = await serve({ files: await bundle() });

test.after(async () => {
  await launched?.close();
  await server.close();
});

async function bundle(): Promise<Record<string, string | Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: ["devices-page.ts", "devices-worker.ts"].map(
      (name) => `${import.meta.dirname}/${name}`,
    ),
    outdir: "out",
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: ["es2022"],
  });
  const files: Record<string, string | Uint8Array> = {
    "/index.html": '<!doctype html><script type="module" src="/devices-page.js"></script>',
  };
  for (const { path, contents } of outputFiles) {
    files[`/${path.slice(path.lastIndexOf("/") + 1)}`] = contents;
  }
  return files;
}

interface Harness {
  readonly page: Page;
  here<Result>(command: Command): Promise<Result>;
  inWorker<Result>(command: Command, name?: string): Promise<Result>;
  terminate(name: string): Promise<void>;
}

/** What devices-page.ts has put there. */
interface PageGlobals {
  runHere(command: string): Promise<unknown>;
  runInWorker(name: string, command: string): Promise<unknown>;
  terminate(name: string): void;
}

async function openPage(): Promise<Harness> {
  assert.ok(launched);
  const page = await launched.browser.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(`${server.url}/`);
  await page.waitForFunction(() => "runHere" in globalThis);
  return {
    page,
    here: (command) =>
      page.evaluate(
        (name) => (globalThis as unknown as PageGlobals).runHere(name),
        command,
      ) as Promise<never>,
    inWorker: (command, worker = "worker") =>
      page.evaluate(
        (name, what) => (globalThis as unknown as PageGlobals).runInWorker(name, what),
        worker,
        command,
      ) as Promise<never>,
    terminate: (worker) =>
      page.evaluate((name) => (globalThis as unknown as PageGlobals).terminate(name), worker),
  };
}

const withPage = (use: (harness: Harness) => Promise<void>) => async (): Promise<void> => {
  const harness = await openPage();
  try {
    await use(harness);
  } finally {
    await harness.page.close();
  }
};

function assertAllPassed(results: readonly CaseResult[], atLeast: number): void {
  const failed = results.filter(({ error }) => error !== null);
  assert.is(failed.length, 0, failed.map(({ name, error }) => `${name}: ${error}`).join("\n"));
  assert.ok(results.length >= atLeast, `${results.length} cases`);
}

inBrowser(
  "OPFS in a worker conforms, and leaves no file",
  withPage(async ({ inWorker }) => {
    assertAllPassed(await inWorker("opfsConformance"), 20);
    // The removal of the last case's file may still be under way.
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(await inWorker("opfsFiles"), []);
  }),
);

for (const where of ["worker", "page"] as const) {
  inBrowser(
    `IndexedDB in a ${where} conforms, and leaves no database`,
    withPage(async ({ here, inWorker }) => {
      const run = where === "page" ? here : inWorker;
      assertAllPassed(await run("indexedDbConformance"), 20);
      assert.equal(await run("databases"), []);
    }),
  );
}

inBrowser(
  "OPFS outside of a dedicated worker says that it needs one",
  withPage(async ({ here }) => {
    assert.match(await here<string>("opfsError"), /^ERR_ZMEM_UNSUPPORTED: .*dedicated workers/);
  }),
);

inBrowser(
  "bad options are refused, and leave nothing",
  withPage(async ({ inWorker }) => {
    const [pageSize, maxBytes, pages] = await inWorker<string[]>("badOptions");
    assert.match(pageSize ?? "", /page size: expected a power of two/);
    assert.match(maxBytes ?? "", /maxBytes: expected at least a page/);
    assert.match(pages ?? "", /pages: expected an integer/);
    assert.equal(await inWorker("opfsFiles"), []);
    assert.equal(await inWorker("databases"), []);
  }),
);

inBrowser(
  "what a terminated worker leaves, the next device removes, and nothing that lives",
  withPage(async ({ inWorker, terminate }) => {
    const dead = await inWorker<string>("openOpfs", "dies");
    const deadDatabase = await inWorker<string>("openIndexedDb", "dies");
    const living = await inWorker<string>("openOpfs", "lives");
    const livingDatabase = await inWorker<string>("openIndexedDb", "lives");
    assert.equal(await inWorker("opfsFiles", "lives"), [dead, living].sort());
    await terminate("dies");
    // The browser gives the dead worker's locks back a moment later.
    for (let tries = 0; tries < 50; tries++) {
      const next = await inWorker<string>("openOpfs", "next");
      const nextDatabase = await inWorker<string>("openIndexedDb", "next");
      const files = await inWorker<string[]>("opfsFiles", "next");
      const databases = await inWorker<string[]>("databases", "next");
      await inWorker("closeAll", "next");
      assert.ok(files.includes(living) && files.includes(next), "a living file was swept");
      assert.ok(databases.includes(livingDatabase) && databases.includes(nextDatabase));
      if (!files.includes(dead) && !databases.includes(deadDatabase)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.equal(await inWorker("opfsFiles", "lives"), [living]);
    assert.equal(await inWorker("databases", "lives"), [livingDatabase]);
    await inWorker("closeAll", "lives");
    assert.equal(await inWorker("opfsFiles", "lives"), []);
    assert.equal(await inWorker("databases", "lives"), []);
  }),
);

inBrowser("what a closed page leaves, the next page's devices remove", async () => {
  const first = await openPage();
  const file = await first.inWorker<string>("openOpfs");
  const database = await first.here<string>("openIndexedDb");
  await first.page.close();
  await withPage(async ({ here, inWorker }) => {
    let files: string[] = [];
    let databases: string[] = [];
    for (let tries = 0; tries < 50; tries++) {
      await inWorker("openOpfs");
      await inWorker("openIndexedDb");
      files = await inWorker("opfsFiles");
      databases = await here("databases");
      await inWorker("closeAll");
      if (!files.includes(file) && !databases.includes(database)) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.not(files.includes(file));
    assert.not(databases.includes(database));
  })();
});

inBrowser(
  "an OPFS quota that is used up is a full device, not an error",
  withPage(async ({ page, inWorker }) => {
    const session = await page.createCDPSession();
    const quotaSize = 24 << 20;
    const override = { origin: server.url, quotaSize };
    await session.send("Storage.overrideQuotaForOrigin", override);
    try {
      const filled = await inWorker<Record<string, number>>("fillOpfs");
      const { count = 0, good, pages, hasRoomAgain } = filled;
      assert.ok(count > 0 && count * 4096 <= quotaSize, `${count} pages`);
      assert.is(good, count, "every page came back");
      assert.is(pages, count - 1, "two discarded, one written");
      assert.is(hasRoomAgain, 1);
    } finally {
      await session.send("Storage.overrideQuotaForOrigin", { origin: server.url });
    }
  }),
);

inBrowser(
  "an IndexedDB write that the browser rolls back for its quota has changed nothing",
  withPage(async ({ here }) => {
    const results = await here("overQuotaIndexedDb");
    assert.equal(results, [false, false, 7, 500, true, null, 1, true]);
  }),
);

if (process.env["ZMEM_MEASURE"]) {
  inBrowser(
    "time per page",
    withPage(async ({ inWorker }) => {
      for (const command of ["measureOpfs", "measureIndexedDb"] as const) {
        console.log(`note ${command}, µs per page:`, await inWorker(command));
      }
    }),
  );
}

test.run();
