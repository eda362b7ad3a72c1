import { createClient, createCluster, createClientPool } from "@redis/client";
import type { RedisClientLike } from "../../src/devices/redis.ts";
export const a: RedisClientLike = createClient();
export const b: RedisClientLike = createCluster({ rootNodes: [] });
export const c: RedisClientLike = createClientPool();
