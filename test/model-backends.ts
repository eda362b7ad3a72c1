/** The backends that the model test runs over, with everything that may be done to them. */
import * as assert from "uvu/assert";
import { MapBackend } from "../src/backends/map.ts";
import type { ZmemBackendOptions } from "../src/backends/pool-options.ts";
import type { CreateInstance } from "../src/platform/instantiate.ts";
import { createSharded, createZmem } from "./conformance/zmem-backend.ts";
import type { ModelBackend } from "./model.ts";

/** The oracle itself, so that the model's own rules are tested too. */
export function mapModel(ops = new MapBackend()): ModelBackend {
  return {
    ops,
    setEnabled: (enabled) => ops.setEnabled(enabled),
    limitTo: (share) => ops.setLimit(share === Infinity ? Infinity : Math.ceil(ops.pages * share)),
    checkStats: (pages) => assert.is(ops.pages, pages, "pages"),
  };
}

/** A pool over three instances, with every validator. */
export function shardedModel(createInstance: CreateInstance): ModelBackend {
  const backend = createSharded(createInstance);
  const { ops } = backend;
  const limitBytes = ops.limitBytes;
  return {
    ...backend,
    limitTo: (share) => {
      const { heldBytes, freeBytes } = ops.stats();
      ops.setLimit(share === Infinity ? limitBytes : Math.ceil((heldBytes - freeBytes) * share));
    },
    upkeep: [() => ops.compact(), (random) => ops.compact({ objects: 1 + random.below(50) })],
    checkStats: (pages) => assert.is(ops.stats().pages, pages, "pages"),
  };
}

/** @param createInstance starts the testing build */
export function zmemModel(
  createInstance: CreateInstance,
  options: ZmemBackendOptions = {},
): ModelBackend {
  const backend = createZmem(createInstance, options);
  const { ops } = backend;
  return {
    ...backend,
    refusesRaw: options.acceptRaw === false,
    limitTo: (share) => {
      const { heldBytes, freeBytes } = ops.stats();
      const used = heldBytes - freeBytes;
      ops.setLimit(share === Infinity ? Infinity : Math.ceil(used * share));
    },
    upkeep: [
      () => ops.compact(),
      (random) => ops.compact({ objects: 1 + random.below(50) }),
      () => backend.trim(),
      (random) => ops.recompress({ pages: random.below(100) }),
      (random) => ops.setEffort((["fast", "default", "high"] as const)[random.below(3)] ?? "fast"),
    ],
    checkStats: (pages) => {
      const stats = ops.stats();
      assert.is(stats.pages, pages, "pages");
      const { sameFilledPages, rawPages, compressedPages } = stats;
      assert.is(sameFilledPages + rawPages + compressedPages, pages, "pages by form");
      const { fixedBytes, indexBytes, zspageBytes, freeBytes, heldBytes } = stats;
      assert.ok(fixedBytes + indexBytes + zspageBytes + freeBytes <= heldBytes, "held bytes");
      assert.ok(stats.payloadBytes <= stats.objectBytes, "payload and objects");
      assert.ok(stats.objectBytes <= zspageBytes, "objects and zspages");
      assert.ok(heldBytes <= stats.peakHeldBytes, "held and peak");
      if (pages > 0) return;
      assert.is(stats.payloadBytes, 0, "payload of no pages");
      assert.is(stats.objectBytes, 0, "objects of no pages");
      assert.is(zspageBytes, 0, "zspages of no pages");
    },
  };
}
