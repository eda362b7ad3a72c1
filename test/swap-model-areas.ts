/** The areas that the model test of swap areas runs over: backends, devices, modes, faults. */
import { MapBackend } from "../src/backends/map.ts";
import type { SwapDevice } from "../src/devices/device.ts";
import { FileSwapDevice } from "../src/devices/file.ts";
import { MemorySwapDevice } from "../src/devices/memory.ts";
import { Frontswap } from "../src/frontswap.ts";
import type { CreateInstance, WasmInstance } from "../src/platform/instantiate.ts";
import { SwapArea } from "../src/swap-area.ts";
import { Zmem, type SwapOnOptions, type ZmemOptions } from "../src/zmem.ts";
import type { Random } from "./conformance/pages.ts";
import type { TestingExports } from "./conformance/zmem-backend.ts";
import { FaultySwapDevice, type FaultRates } from "./devices/faulty.ts";
import { MODEL_PAGES, type AreaUnderTest, type SwapModelRun } from "./swap-model.ts";

const FAULTS: FaultRates = { writeFails: 60, readFails: 60, shortRead: 30, full: 60 };
/** What an area needs to hold all of the model's pages is some 900 KiB. */
const LIMIT_BYTES = 512 * 1024;

type Configuration = Omit<SwapModelRun, "seed" | "operations">;

type MakeDevice = (random: Random) => SwapDevice;

const memory: MakeDevice = () => new MemorySwapDevice();
const small: MakeDevice = () => new MemorySwapDevice({ pages: 60 });
const file: MakeDevice = () => new FileSwapDevice();
const faulty =
  (make: MakeDevice, rates: FaultRates = FAULTS): MakeDevice =>
  (random) =>
    new FaultySwapDevice(make(random), random, { ...rates });

/** Every configuration, by name. */
export function swapModelConfigurations(
  createInstance: CreateInstance,
): ReadonlyMap<string, Configuration> {
  const zmem = (
    makeDevice: MakeDevice | null,
    areaOptions: Partial<SwapOnOptions> = {},
    options: ZmemOptions = {},
  ): Configuration => ({
    ...areaOptions,
    make: (random) =>
      makeZmemArea(createInstance, makeDevice?.(random) ?? null, areaOptions, options),
  });
  const policies: ZmemOptions = {
    acceptThreshold: 0.8,
    gradedAdmission: { from: 0.5, to: 0.95, ratio: 3 },
    rememberIncompressible: 64,
    writeback: { clusterPages: 8, budget: { pages: 5000, bytes: 2 ** 24 } },
    background: { lowWatermark: 0.6, highWatermark: 0.7 },
  };
  return new Map<string, Configuration>([
    ["MapBackend, memory", { make: (random) => makeMapArea(memory(random)) }],
    ["MapBackend, faulty memory", { make: (random) => makeMapArea(faulty(memory)(random)) }],
    ["zmem, no device", zmem(null)],
    ["zmem, memory", zmem(memory)],
    ["zmem, small memory", zmem(small)],
    ["zmem, file", zmem(file)],
    ["zmem, faulty file", zmem(faulty(file))],
    ["zmem, faulty small memory", zmem(faulty(small))],
    ["zmem, faulty file, closed in between", zmem(faulty(file, { ...FAULTS, closes: 1 }))],
    ["zmem, faulty memory, no eviction", zmem(faulty(memory), { evict: false })],
    ["zmem, faulty memory, no promotion", zmem(faulty(memory), { promote: false })],
    ["zmem, faulty memory, write-through", zmem(faulty(memory), { writeThrough: true })],
    ["zmem, faulty memory, exclusive gets", zmem(faulty(memory), { exclusiveGet: true })],
    [
      "zmem, faulty memory, write-through and exclusive gets",
      zmem(faulty(memory), { writeThrough: true, exclusiveGet: true }),
    ],
    ["zmem, faulty memory, all policies", zmem(faulty(memory), {}, policies)],
    ["zmem that refuses raw pages, memory", zmem(memory, {}, { acceptRaw: false, ...policies })],
    [
      "zmem of several memories, faulty memory",
      zmem(faulty(memory), {}, { limitBytes: 3 * LIMIT_BYTES, maxInstanceBytes: LIMIT_BYTES / 2 }),
    ],
  ]);
}

function makeMapArea(device: SwapDevice): AreaUnderTest {
  const backend = new MapBackend({ limitPages: 100 });
  const frontswap = new Frontswap();
  frontswap.register(backend);
  const area = new SwapArea(frontswap, { type: 0, pages: MODEL_PAGES, device });
  return {
    area,
    device,
    countPages: () => frontswap.countPages(0),
    isInPool: (offset) => frontswap.testPage(0, offset),
    limitTo: (random) => backend.setLimit(random.below(200)),
    upkeep: [(random) => backend.setEnabled(random.below(4) > 0)],
    shrink: (target, take) => area.repatriate(Math.max(0, backend.pages - target), take),
  };
}

function makeZmemArea(
  createInstance: CreateInstance,
  device: SwapDevice | null,
  areaOptions: Partial<SwapOnOptions>,
  options: ZmemOptions,
): AreaUnderTest {
  const started: WasmInstance[] = [];
  const { limitBytes = LIMIT_BYTES } = options;
  const zmem = new Zmem(
    (initial, maximum) => {
      const instance = createInstance(initial, maximum);
      started.push(instance);
      return instance;
    },
    { ...options, limitBytes },
  );
  const { backend, frontswap } = zmem;
  const pages = { pages: MODEL_PAGES, ...areaOptions };
  const area = zmem.swapOn(device === null ? pages : { ...pages, device });
  const instances = started.length;
  return {
    area,
    device,
    countPages: () => frontswap.countPages(area.type),
    isInPool: (offset) => frontswap.testPage(area.type, offset),
    limitTo: (random) => {
      const share = [0.2, 0.6, 1, 1, 2][random.below(5)] as number;
      backend.setLimit(limitBytes * share);
    },
    upkeep: [
      () => backend.compact(),
      (random) => backend.compact({ objects: random.below(40) }),
      (random) => backend.recompress({ pages: random.below(20) }),
      (random) => zmem.background.step(random.below(300)),
      (random) => backend.setEnabled(random.below(4) > 0),
      () => backend.setEnabled(true),
      () => {
        const before = started.length;
        // An instance that a trim started in vain is not the one that serves.
        if (instances === 1 && !backend.trim().trimmed) started.length = before;
      },
    ],
    shrink: (target, take) => {
      zmem.shrink(target, take && ((_, offset, page) => take(offset, page)));
    },
    moves: () => zmem.stats(),
    validate: () =>
      (instances === 1 ? started.slice(-1) : started)
        .map(({ exports }) => (exports as unknown as TestingExports).validate())
        .find((found) => found !== 0) ?? 0,
  };
}
