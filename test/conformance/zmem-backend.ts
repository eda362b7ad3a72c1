/**
 * How a ZmemBackend is made for the conformance suite, and every way in which it rejects a put.
 *
 * Why so: the testing build lets a test walk the allocator, damage a stored block and refuse single
 * allocations; with the release build the same cases run without these.
 */
import { MAX_WASM_PAGES } from "../../src/backends/abi.ts";
import { ShardedZmemBackend } from "../../src/backends/sharded.ts";
import type { ZmemBackendOptions } from "../../src/backends/pool-options.ts";
import { ZmemBackend } from "../../src/backends/zmem.ts";
import type { CreateInstance, WasmInstance } from "../../src/platform/instantiate.ts";
import type { Page } from "../../src/types.ts";
import {
  KEY_TYPE,
  type BackendFactory,
  type BackendUnderTest,
  type ProvokedBackend,
} from "./case.ts";
import { makePage, PAGE_KINDS } from "./pages.ts";
import { zmemRejectPoints } from "./reject-points.ts";

/** What the testing build exports beside the release ABI. */
export interface TestingExports {
  validate(): number;
  failAllocations(after: number, count: number): void;
  storedAddress(type: number, offset: number): number;
}

/** A ZmemBackend and what a test can reach behind it. */
export interface ZmemUnderTest extends BackendUnderTest {
  readonly ops: ZmemBackend;
  /** The instance that serves now. */
  instance(): WasmInstance;
  /** Trims; the only way that keeps `instance` right. */
  trim(): void;
}

/** What a pool over three instances may hold. */
const SHARDED_LIMIT_BYTES = 3 * 8 * 2 ** 20;

/**
 * @param createInstance starts the release build or the testing build
 * @param options of every backend made
 */
export function createZmem(
  createInstance: CreateInstance,
  options: ZmemBackendOptions = {},
): ZmemUnderTest {
  const started: WasmInstance[] = [];
  const ops = new ZmemBackend((initial, maximum) => {
    const instance = createInstance(initial, maximum);
    started.push(instance);
    return instance;
  }, options);
  const instance = (): WasmInstance => started.at(-1) as WasmInstance;
  const trim = (): void => {
    const before = started.length;
    // A trim that finds nothing to gain drops the instance that it started.
    if (!ops.trim().trimmed) started.length = before;
  };
  const testing = (): Partial<TestingExports> => instance().exports as unknown as TestingExports;
  const setEnabled = (enabled: boolean): void => ops.setEnabled(enabled);

  const backend = { ops, instance, trim, setEnabled };
  if (!isTestingBuild(createInstance)) return backend;
  return {
    ...backend,
    validate: () => testing().validate?.() ?? -1,
    failAllocations: (after) => testing().failAllocations?.(after, 0x7fff_ffff),
    corrupt: (type, offset) => {
      const address = (testing().storedAddress?.(type, offset) ?? 0) >>> 0;
      const length = ops.inspectPage(type, offset)?.payloadBytes ?? 0;
      // Literals without end: no decoder takes a token and lengths of 255 for a page.
      new Uint8Array(instance().memory.buffer, address, length).fill(0xff);
    },
  };
}

/** @param pageSize bytes of a page */
export function zmemFactory(createInstance: CreateInstance, pageSize = 4096): BackendFactory {
  const room = Math.ceil((pageSize * 24) / 65536) + 2;
  return {
    name: `ZmemBackend, pages of ${pageSize}`,
    pageSize,
    create: () => createZmem(createInstance),
    rejectPoints: zmemRejectPoints({
      pageSize,
      make: (options) => createZmem(createInstance, options),
      full: [
        ["limit reached", "limit", { limitBytes: room * 65536 }],
        ["growth failed", "growth", { maximumWasmPages: room }],
      ],
    }),
  };
}

/** A pool over three instances; their validators run one after the other. */
export function createSharded(
  createInstance: CreateInstance,
): BackendUnderTest & { readonly ops: ShardedZmemBackend } {
  const started: WasmInstance[] = [];
  const ops = new ShardedZmemBackend(
    (initial, maximum) => {
      const instance = createInstance(initial, maximum);
      started.push(instance);
      return instance;
    },
    { limitBytes: SHARDED_LIMIT_BYTES, maxInstanceBytes: SHARDED_LIMIT_BYTES / 3 },
  );
  const validate = (): number =>
    started
      .map(({ exports }) => (exports as unknown as TestingExports).validate())
      .reduce((worst, found) => worst || found, 0);
  const setEnabled = (enabled: boolean): void => ops.setEnabled(enabled);
  return { ops, setEnabled, ...(isTestingBuild(createInstance) ? { validate } : {}) };
}

/** @param pageSize bytes of a page */
export function shardedFactory(createInstance: CreateInstance, pageSize = 4096): BackendFactory {
  function makeProvoked(
    pagesThatWillBeRejected: readonly Page[],
    provoke: (ops: ShardedZmemBackend) => void,
    recover: (ops: ShardedZmemBackend) => void,
  ): ProvokedBackend {
    const backend = createSharded(createInstance);
    backend.ops.init(pageSize);
    backend.ops.openType(KEY_TYPE);
    return {
      ...backend,
      pagesThatWillBeRejected,
      olderPages: PAGE_KINDS.slice(0, -1).map((kind) => makePage(kind, 99, pageSize)),
      provoke: () => provoke(backend.ops),
      recover: () => recover(backend.ops),
    };
  }

  const random = makePage("random", 99, pageSize);
  return {
    name: `ShardedZmemBackend, pages of ${pageSize}`,
    pageSize,
    create: () => createSharded(createInstance),
    rejectPoints: [
      {
        name: "disabled",
        make: () =>
          makeProvoked(
            [makePage("zero", 99, pageSize), random],
            (ops) => ops.setEnabled(false),
            (ops) => ops.setEnabled(true),
          ),
      },
      {
        name: "limit lowered",
        make: () =>
          makeProvoked(
            [random],
            (ops) => ops.setLimit(0),
            (ops) => ops.setLimit(SHARDED_LIMIT_BYTES),
          ),
      },
    ],
  };
}

function isTestingBuild(createInstance: CreateInstance): boolean {
  let known = testingBuilds.get(createInstance);
  if (known === undefined) {
    known = "validate" in createInstance(1, MAX_WASM_PAGES).exports;
    testingBuilds.set(createInstance, known);
  }
  return known;
}

const testingBuilds = new WeakMap<CreateInstance, boolean>();
