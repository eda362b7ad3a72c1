/**
 * The Redis device on a real server: conformance, by a client and by a cluster of one node; a server
 * that is full, stopped, gone, or forgets; and the expiry that guards against leaks.
 */
import { createClient, createCluster } from "@redis/client";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RedisSwapDevice, type RedisClientLike } from "../../src/devices/redis.ts";
import type { SlotBlock } from "../../src/devices/device.ts";
import { assertRejects, assertStored, asyncDeviceCases, hasCode } from "../conformance/device.ts";
import { makeBlock } from "../conformance/device-blocks.ts";
import { hasRedisServer, startRedisServer, type RedisServer } from "./redis-server.ts";

const test = suite("redis device");
const withServer = hasRedisServer() ? test : test.skip;
const isDeviceFailure = hasCode("ERR_ZMEM_DEVICE");

/** A client that does not shout when its server goes away, which some tests are about. */
async function connect(port: number, commandTimeoutMs = 5000) {
  const client = createClient({
    socket: { host: "127.0.0.1", port, reconnectStrategy: false },
    commandOptions: { timeout: commandTimeoutMs },
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

type Client = Awaited<ReturnType<typeof connect>>;

let server: RedisServer;
let cluster: RedisServer;
let client: Client;
let clusterClient: RedisClientLike & { destroy(): void };

if (withServer === test) {
  test.before(async () => {
    server = await startRedisServer();
    client = await connect(server.port);
    cluster = await startRedisServer(["--cluster-enabled", "yes"]);
    clusterClient = await makeCluster(cluster.port);
  });
  test.after(async () => {
    client.destroy();
    clusterClient.destroy();
    await Promise.all([server.close(), cluster.close()]);
  });
}

async function makeCluster(port: number): Promise<typeof clusterClient> {
  const node = await connect(port);
  await node.sendCommand(["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
  while (!(await node.sendCommand(["CLUSTER", "INFO"])).toString().includes("cluster_state:ok")) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  node.destroy();
  const made = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] });
  made.on("error", () => undefined);
  await made.connect();
  return made;
}

const create = (options: { pages?: number }): RedisSwapDevice =>
  new RedisSwapDevice({ ...options, client });

for (const { name, run } of asyncDeviceCases({
  name: "redis",
  pageSize: 4096,
  modelSteps: 2000,
  create,
})) {
  withServer(name, run);
}

for (const { name, run } of asyncDeviceCases({
  name: "redis cluster",
  pageSize: 65536,
  modelSteps: 200,
  create: (options) => new RedisSwapDevice({ ...options, client: clusterClient, pageSize: 65536 }),
})) {
  withServer(`cluster: ${name}`, run);
}

const blocks = (first: number, count: number, length = 1000): SlotBlock[] =>
  Array.from({ length: count }, (_, index) => ({
    slot: first + index,
    tag: index & 0xff,
    block: makeBlock(first + index, length),
  }));

withServer("close leaves nothing on the server", async () => {
  const device = create({});
  await device.writeCluster(blocks(0, 64));
  assert.is(await client.exists(device.key), 1);
  await device.close();
  assert.is(await client.exists(device.key), 0);
  assert.equal(await client.keys("zmem:*"), []);
});

withServer("the key is the area's own, and its hash tag chooses the node", () => {
  const device = new RedisSwapDevice({ client, keyPrefix: "shop" });
  assert.match(device.key, /^shop:swap:\{[0-9a-f-]{36}\}$/);
  return device.close();
});

withServer("what a process leaves expires; a device that lives renews it", async () => {
  const device = new RedisSwapDevice({ client, ttlMs: 1000 });
  const [block] = blocks(1, 1) as [SlotBlock];
  await device.writeCluster([block]);
  const ttl = await client.pTTL(device.key);
  assert.ok(ttl > 0 && ttl <= 1000, `${ttl} ms`);
  await new Promise((resolve) => setTimeout(resolve, 1600));
  await assertStored(device, block);
  await device.discard(block.slot);
  await device.writeCluster([block]);
  assert.ok((await client.pTTL(device.key)) > 0, "a hash that was empty expires again");
  await device.close();
});

withServer("a device is no reason for a process to stay alive", async () => {
  const device = create({});
  const before = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const timers = Array.from({ length: 5 }, () => create({}));
  const after = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  assert.is(after, before);
  await Promise.all([device, ...timers].map((each) => each.close()));
});

withServer("values that the server has lost or that somebody changed are errors", async () => {
  const device = create({});
  await device.writeCluster(blocks(0, 4));
  await client.hDel(device.key, "1");
  await client.hSet(device.key, "2", "something else");
  await assertRejects(() => device.read(1), isDeviceFailure, "lost");
  await assertRejects(() => device.read(2), isDeviceFailure, "changed");
  await assertStored(device, blocks(0, 4)[3] as SlotBlock);
  await client.unlink(device.key);
  await assertRejects(() => device.read(3), isDeviceFailure, "evicted");
  assert.is(await device.write(3, 1, makeBlock(9, 9)), true);
  await assertStored(device, { slot: 3, tag: 1, block: makeBlock(9, 9) });
  await device.close();
});

withServer("a server out of memory is a full device: false, and nothing has changed", async () => {
  const small = await startRedisServer(["--maxmemory", "6mb", "--maxmemory-policy", "noeviction"]);
  const own = await connect(small.port);
  try {
    const device = new RedisSwapDevice({ client: own });
    let first = 0;
    while (await device.writeCluster(blocks(first, 32, 4000))) {
      first += 32;
      assert.ok(first < 4096, "6 MB can't hold this");
    }
    assert.ok(first > 0, "some of it fits");
    assert.is(device.pages, first);
    const older = blocks(0, first, 4000).slice(0, 20);
    // Now it is over its limit, not at it, whatever it frees beside.
    await own.configSet("maxmemory", "1mb");
    const overwrites = older.map((block) => ({ ...block, block: makeBlock(77, 4096) }));
    assert.is(await device.writeCluster(overwrites), false);
    for (const [index, block] of older.entries()) {
      await assertStored(device, { ...block, tag: index % 32 });
    }
    await own.configSet("maxmemory", "6mb");
    for (let slot = 1; slot < first; slot++) await device.discard(slot);
    assert.is(await device.writeCluster(blocks(5000, 32, 4000)), true);
    for (const block of blocks(5000, 32, 4000)) await assertStored(device, block);
    await device.close();
  } finally {
    own.destroy();
    await small.close();
  }
});

withServer("a server that is gone is an error for the call, and close ends", async () => {
  const mortal = await startRedisServer();
  const own = await connect(mortal.port);
  const device = new RedisSwapDevice({ client: own });
  await device.writeCluster(blocks(0, 4));
  await mortal.close();
  await assertRejects(() => device.read(1), isDeviceFailure, "read");
  await assertRejects(() => device.write(1, 0, makeBlock(1, 1)), isDeviceFailure, "write");
  assert.is(await device.read(1), null, "after a write that failed the slot is empty");
  await assertRejects(() => device.discard(2), isDeviceFailure, "discard");
  await assertRejects(() => device.close(), isDeviceFailure, "close");
  if (own.isOpen) own.destroy();
});

withServer("a connection that breaks in the middle of writes gives no wrong data", async () => {
  const own = await connect(server.port);
  const device = new RedisSwapDevice({ client: own });
  const writes = Array.from({ length: 20 }, (_, round) =>
    device.writeCluster(blocks(round * 10, 10)).then(
      () => true,
      () => false,
    ),
  );
  await writes[2];
  own.destroy();
  await Promise.all(writes);
  await assertRejects(() => device.read(0), isDeviceFailure, "read");
  await client.unlink(device.key);
  await device.close().catch(() => undefined);
});

withServer("bad options are refused", () => {
  const bad: unknown[] = [
    {},
    { client: null },
    { client: {} },
    { client, keyPrefix: "a{b" },
    { client, keyPrefix: 3 },
    { client, ttlMs: 10 },
    { client, ttlMs: Infinity },
    { client, pageSize: 3 },
  ];
  for (const options of bad) {
    assert.throws(
      () => new RedisSwapDevice(options as { client: RedisClientLike }),
      (error: unknown) => error instanceof TypeError || error instanceof RangeError,
    );
  }
});

test.run();
