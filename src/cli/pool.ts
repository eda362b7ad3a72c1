import { instantiator } from "../platform/instantiate.ts";
import { compileInline } from "../platform/inline.ts";
import { ZmemBackend } from "../backends/zmem.ts";
import { type OpenPool } from "./estimate.ts";

/** A wasm memory can't grow beyond this. */
export const MAX_LIMIT_BYTES = 4 * 1024 ** 3;

export function createPoolOpener(pageSize: number, limitBytes: number): OpenPool {
  return async () => {
    const backend = new ZmemBackend(instantiator(await compileInline()), { limitBytes });
    backend.init(pageSize);
    backend.openType(0);
    const held = new Set<number>();
    return {
      put: (slot, page) => {
        const ok = backend.putPage(0, slot, page);
        if (ok) held.add(slot);
        else held.delete(slot);
        return ok;
      },
      get: (slot, page) => backend.getPage(0, slot, page),
      has: (slot) => held.has(slot),
      stats: () => backend.stats(),
      close: () => backend.close(),
    };
  };
}
