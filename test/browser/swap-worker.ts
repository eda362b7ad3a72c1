/**
 * Pages through a small pool with OPFS behind it, in a worker: put, read back, compared. The page
 * sends how many, and gets what became of them.
 */
import { OpfsSwapDevice } from "../../src/index.browser.ts";
import { createZmem } from "../../src/index.ts";
import { makePage, PAGE_KINDS } from "../conformance/pages.ts";

/** What is to be done. */
export interface SwapRequest {
  readonly pages: number;
  readonly limitBytes: number;
}

/** What became of it; every put page was compared. */
export interface SwapReport {
  readonly kept: number;
  readonly rejected: number;
  /** Pages that came back with other bytes, or not, or that were rejected and came back. */
  readonly wrong: number;
  readonly writtenBackPages: number;
  readonly promotedPages: number;
  readonly deviceErrors: number;
  readonly deviceFull: number;
  readonly peakHeldBytes: number;
  readonly elapsedMs: number;
}

const PAGE_SIZE = 4096;
const LIBRARY_SIZE = 240;

async function run({ pages, limitBytes }: SwapRequest): Promise<SwapReport> {
  const started = performance.now();
  const device = await OpfsSwapDevice.open();
  const zmem = await createZmem({ limitBytes });
  const area = zmem.swapOn({ pages, device });
  const library = Array.from({ length: LIBRARY_SIZE }, (_, at) =>
    makePage(PAGE_KINDS[at % PAGE_KINDS.length] ?? "zero", at, PAGE_SIZE),
  );
  const page = new Uint32Array(PAGE_SIZE / 4);
  const got = new Uint32Array(PAGE_SIZE / 4);
  const [pageBytes, gotBytes] = [new Uint8Array(page.buffer), new Uint8Array(got.buffer)];
  const make = (offset: number): void => {
    pageBytes.set(library[offset % LIBRARY_SIZE] as Uint8Array);
    page[offset % page.length] = offset;
  };
  const isKept = new Uint8Array(pages);
  let kept = 0;
  for (let offset = 0; offset < pages; offset++) {
    make(offset);
    if (!area.put(offset, pageBytes)) continue;
    isKept[offset] = 1;
    kept += 1;
  }
  let wrong = 0;
  for (let offset = 0; offset < pages; offset++) {
    make(offset);
    const found = area.get(offset, gotBytes);
    if (found !== (isKept[offset] === 1)) wrong += 1;
    else if (found && got.some((word, at) => word !== page[at])) wrong += 1;
  }
  const { writtenBackPages, promotedPages, deviceErrors, deviceFull, peakHeldBytes } = zmem.stats();
  zmem.close();
  device.close();
  await device.removed;
  return {
    kept,
    rejected: pages - kept,
    wrong,
    writtenBackPages,
    promotedPages,
    deviceErrors,
    deviceFull,
    peakHeldBytes,
    elapsedMs: performance.now() - started,
  };
}

addEventListener("message", (event: MessageEvent<SwapRequest>) => {
  const reply = (message: unknown): void => (self as unknown as Worker).postMessage(message);
  run(event.data).then(reply, (error: unknown) => {
    reply({ error: String((error as Error)?.stack ?? error) });
  });
});
