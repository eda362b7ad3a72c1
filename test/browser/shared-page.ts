/**
 * Web pages whose workers share a pool: bundled, served with or without isolation, and called.
 */
import { build } from "esbuild";
import * as assert from "uvu/assert";
import { serve } from "../../scripts/serve.ts";
import type { launchBrowser } from "./launch.ts";

/** Files by their path on the server. */
export type ServedFiles = Readonly<Record<string, string | Uint8Array>>;

/** @param name of the page's program and, with -worker for -page, of its workers' */
export async function bundleSharedPage(name: string, more: ServedFiles = {}): Promise<ServedFiles> {
  const { outputFiles } = await build({
    entryPoints: [`${name}-page`, `${name}-worker`].map(
      (file) => `${import.meta.dirname}/${file}.ts`,
    ),
    outdir: "out",
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: ["es2022"],
  });
  const files: Record<string, string | Uint8Array> = {
    "/index.html": `<!doctype html><script type="module" src="/${name}-page.js"></script>`,
    ...more,
  };
  for (const { path, contents } of outputFiles) {
    files[`/${path.slice(path.lastIndexOf("/") + 1)}`] = contents;
  }
  return files;
}

/** What `launchBrowser` gives. */
export type Launched = Awaited<ReturnType<typeof launchBrowser>>;

/** A call of a function that the page has put into its global scope as `runShared` or so. */
export interface PageCall {
  readonly files: ServedFiles;
  /** Whether the headers are sent that make shared memory possible. */
  readonly isolated: boolean;
  readonly name: string;
  readonly args?: readonly (string | number)[];
  /** Two minutes when left out. */
  readonly timeoutMs?: number;
}

/** Opens a page and calls one of its functions. @returns what that resolves to */
export async function callPage<Result>(launched: Launched, call: PageCall): Promise<Result> {
  assert.ok(launched);
  const { files, isolated, name, args = [], timeoutMs = 120_000 } = call;
  const server = await serve({ files, isolated });
  const page = await launched.browser.newPage();
  try {
    page.setDefaultTimeout(timeoutMs);
    await page.goto(`${server.url}/`);
    await page.waitForFunction((wanted) => wanted in globalThis, {}, name);
    return (await page.evaluate(
      (wanted, given) =>
        (globalThis as unknown as Record<string, (...all: unknown[]) => unknown>)[wanted]?.(
          ...given,
        ),
      name,
      args,
    )) as Result;
  } finally {
    await page.close();
    await server.close();
  }
}
