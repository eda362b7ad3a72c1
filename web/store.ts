/**
 * The store of the demo page: the library's default entry, and how each page is kept.
 */
import { createZmem, type PageInfo, type PoolStats } from "../src/index.ts";

/** Keeps pages under numbers from 0 on. */
export interface Store {
  /** @returns false when the page was rejected */
  put(page: number, bytes: Uint8Array): boolean;
  get(page: number, bytes: Uint8Array): boolean;
  /** How a page is kept; undefined when it is not. */
  inspect(page: number): PageInfo | undefined;
  stats(): PoolStats;
  close(): void;
}

/** More than this and phones end the tab. */
const LIMIT_BYTES = 1024 ** 3;

/** @throws ZmemError when the browser can't run the module */
export async function openStore(pageSize: number, pages: number): Promise<Store> {
  const zmem = await createZmem({ pageSize, limitBytes: LIMIT_BYTES });
  const area = zmem.swapOn({ pages });
  return {
    put: (page, bytes) => area.put(page, bytes),
    get: (page, bytes) => area.get(page, bytes),
    inspect: (page) => zmem.backend.inspectPage(area.type, page),
    stats: () => zmem.stats(),
    close: () => zmem.close(),
  };
}
