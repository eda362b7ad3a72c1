/**
 * How a SharedZmemBackend is made for the conformance suite, and every way in which it rejects.
 *
 * What differs from the plain backend's: no trim, and limits that leave room for the shared tables.
 */
import { SharedZmemBackend, type SharedZmemOptions } from "../../src/backends/shared.ts";
import type { BackendFactory, BackendUnderTest } from "../conformance/case.ts";
import { zmemRejectPoints } from "../conformance/reject-points.ts";
import { testingExports } from "./testing-exports.ts";
import type { RemoteCrew } from "./remote.ts";

/** A SharedZmemBackend and what a test can reach behind it. */
export interface SharedUnderTest extends BackendUnderTest {
  readonly ops: SharedZmemBackend;
}

/**
 * @param module one of the shared builds
 * @param crew workers that attach to it as soon as it runs
 */
export function createShared(
  module: WebAssembly.Module,
  options: SharedZmemOptions = {},
  crew?: RemoteCrew,
): SharedUnderTest {
  const ops = crew === undefined ? createAlone(module, options) : createWith(crew, module, options);
  const setEnabled = (enabled: boolean): void => ops.setEnabled(enabled);
  const isTesting = WebAssembly.Module.exports(module).some(({ name }) => name === "validate");
  if (!isTesting) return { ops, setEnabled };
  return {
    ops,
    setEnabled,
    validate: () => testingExports(ops).validate(),
    failAllocations: (after) => {
      testingExports(ops).failAllocations(after, 0x7fff_ffff);
      crew?.failAllocations(ops, after);
    },
    corrupt: (type, offset) => {
      const address = ops.locatePage(type, offset)?.address ?? 0;
      const length = ops.inspectPage(type, offset)?.payloadBytes ?? 0;
      const { memory } = ops.instance;
      memory.grow(0);
      new Uint8Array(memory.buffer, address, length).fill(0xff);
    },
  };
}

/** Far below 4 GiB, whose tables alone would be 14 MiB for each of hundreds of backends. */
const MAXIMUM_BYTES = 64 * 2 ** 20;

function createAlone(module: WebAssembly.Module, options: SharedZmemOptions): SharedZmemBackend {
  const maximumBytes = Math.min(options.limitBytes ?? Infinity, MAXIMUM_BYTES);
  return SharedZmemBackend.create(module, { maximumBytes, ...options });
}

/** A limit is what they may use beside the fixed part, of which each worker's windows are some. */
function createWith(
  crew: RemoteCrew,
  module: WebAssembly.Module,
  { limitBytes = Infinity, ...options }: SharedZmemOptions,
): SharedZmemBackend {
  const pool = SharedZmemBackend.create(module, { maximumBytes: MAXIMUM_BYTES, ...options });
  return crew.around(pool, (ops) => ops.setLimit(ops.stats().fixedBytes + limitBytes));
}

/**
 * @param pageSize bytes of a page
 * @param crew workers that attach to every backend made
 */
export function sharedFactory(
  module: WebAssembly.Module,
  pageSize = 4096,
  crew?: RemoteCrew,
): BackendFactory {
  const room = Math.ceil((pageSize * 24) / 65536) + 4;
  return {
    name: `SharedZmemBackend, pages of ${pageSize}`,
    pageSize,
    create: () => createShared(module, {}, crew),
    rejectPoints: zmemRejectPoints({
      pageSize,
      make: (options) => createShared(module, options, crew),
      full: [["limit reached", "limit", { limitBytes: room * 65536 }]],
    }),
  };
}
