/** What a remote worker is told and answers; see remote.ts. */
import type { MessagePort } from "node:worker_threads";
import type { SharedAttachment } from "../../src/backends/shared.ts";

/** The calls of FrontswapOps, which workers make; all others stay with the main thread. */
export const VERBS = [
  "openType",
  "putPage",
  "getPage",
  "flushPage",
  "flushArea",
  "countPages",
] as const;
export type Verb = (typeof VERBS)[number];

/** Words of a mailbox: how many orders were sent, how many were answered. */
export const ORDERS = 0;
export const ANSWERS = 1;

export interface RemoteData {
  readonly port: MessagePort;
  readonly box: SharedArrayBuffer;
}

/** One call, or a pool to attach to. */
export interface Order {
  readonly pool: number;
  readonly attachment?: SharedAttachment;
  readonly verb: Verb | "failAllocations";
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly result?: unknown;
  /** The destination of a get, as it is afterwards. */
  readonly page?: unknown;
  readonly error?: {
    readonly name: string;
    readonly message: string;
    readonly code?: string | undefined;
  };
}
