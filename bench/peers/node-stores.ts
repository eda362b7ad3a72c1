/**
 * The stores in Node, for the runner and for the processes that it measures.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { StoreContender } from "./contender.ts";
import { nodeCodecs, peerVersions } from "./node.ts";
import { allStores } from "./stores.ts";

const PACKAGE = fileURLToPath(new URL("../../package.json", import.meta.url));

/** zmem's version. */
export function ownVersion(): string {
  return (JSON.parse(readFileSync(PACKAGE, "utf8")) as { version: string }).version;
}

/** All stores; none of them needs zmem's codec by itself. */
export function nodeStores(): StoreContender[] {
  const none = (): Promise<never> => Promise.reject(new Error("not a store"));
  return allStores(nodeCodecs(ownVersion(), peerVersions(), none));
}
