/**
 * How a SharedZmemBackend is made for the conformance suite, and every way in which it rejects.
 *
 * What differs from the plain backend's: no trim, and limits that leave room for the shared tables.
 */
import { SharedZmemBackend, type SharedZmemOptions } from "../../src/backends/shared.ts";
import type { Page, RejectReason } from "../../src/types.ts";
import {
  KEY_TYPE,
  type BackendFactory,
  type BackendUnderTest,
  type RejectPoint,
} from "../conformance/case.ts";
import { makePage, PAGE_KINDS } from "../conformance/pages.ts";
import { testingExports } from "./testing-exports.ts";
import type { RemoteCrew } from "./remote.ts";

/** The type that fills the pool up; not the one under test. */
const FILLER_TYPE = 900;

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
      const address = testingExports(ops).storedAddress(type, offset) >>> 0;
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
  return {
    name: `SharedZmemBackend, pages of ${pageSize}`,
    pageSize,
    create: () => createShared(module, {}, crew),
    rejectPoints: sharedRejectPoints(module, pageSize, crew),
  };
}

function sharedRejectPoints(
  module: WebAssembly.Module,
  pageSize: number,
  crew?: RemoteCrew,
): RejectPoint[] {
  const random = makePage("random", 99, pageSize);
  const everyKind = PAGE_KINDS.map((kind) => makePage(kind, 99, pageSize));
  const smallPages = everyKind.slice(0, -1);

  function point(
    name: string,
    reason: RejectReason,
    pagesThatWillBeRejected: readonly Page[],
    options: SharedZmemOptions,
    provoke: (ops: SharedZmemBackend) => void,
    recover: (ops: SharedZmemBackend) => void,
  ): RejectPoint {
    return {
      name,
      make: () => {
        const backend = createShared(module, options, crew);
        const { ops } = backend;
        ops.init(pageSize);
        ops.openType(KEY_TYPE);
        return {
          ...backend,
          pagesThatWillBeRejected,
          olderPages: pagesThatWillBeRejected === everyKind ? everyKind : smallPages,
          provoke: () => provoke(ops),
          recover: () => recover(ops),
          countRejects: () => ops.stats().rejects[reason],
        };
      },
    };
  }

  const room = Math.ceil((pageSize * 24) / 65536) + 4;
  return [
    point(
      "disabled",
      "disabled",
      everyKind,
      {},
      (ops) => ops.setEnabled(false),
      (ops) => ops.setEnabled(true),
    ),
    point(
      "limit lowered",
      "limit",
      [random],
      {},
      (ops) => ops.setLimit(0),
      (ops) => ops.setLimit(Infinity),
    ),
    point(
      "limit reached",
      "limit",
      [random],
      { limitBytes: room * 65536 },
      (ops) => fillUp(ops, smallPages),
      (ops) => ops.flushArea(FILLER_TYPE),
    ),
    point(
      "incompressible",
      "incompressible",
      [random],
      { acceptRaw: false },
      () => undefined,
      () => undefined,
    ),
  ];
}

/** Puts random pages, then pages of ever smaller blocks, until none is kept. */
function fillUp(ops: SharedZmemBackend, neighbours: readonly Page[]): void {
  const { pageSize } = ops;
  ops.openType(FILLER_TYPE);
  let offset = 0;
  for (const page of neighbours) ops.putPage(FILLER_TYPE, offset++, page);
  const page = makePage("random", 1, pageSize);
  for (let zeros = 0; zeros < pageSize; zeros += pageSize / 8) {
    page.fill(0, 0, zeros);
    while (ops.putPage(FILLER_TYPE, offset, page)) offset++;
  }
}
