/**
 * What the demo's worker, those that put for it and the page that starts them say to each other.
 */
import { type ZmemAttachment } from "../../src/index.shared.ts";
import { type Batch, type PutOutcome } from "./putter.ts";
import { type SharedAreaLink } from "./shared-slots.ts";

/** What a worker takes part with. */
export interface Joining {
  readonly attachment: ZmemAttachment;
  readonly area: SharedAreaLink;
  readonly groupPages: number;
}

/** The demo's worker → the page: a worker that puts is wanted. */
export interface Hire {
  readonly kind: "hire";
  readonly joining: Joining;
  /** For the new worker: it hears CrewRequest and says CrewAnswer. */
  readonly work: MessagePort;
  /** For the page: it hears "end", and says "ended" when that is done, or "stopped". */
  readonly life: MessagePort;
}

/** The page → one of the crew, once. */
export interface Join extends Joining {
  readonly work: MessagePort;
}

/** The demo's worker → one of the crew. */
export type CrewRequest =
  | { readonly kind: "put"; readonly task: number; readonly batch: Batch }
  /** Nothing that was not begun is to be put. */
  | { readonly kind: "drop" }
  /** Leave the pool. */
  | { readonly kind: "leave" };

/** One of the crew → the demo's worker. */
export type CrewAnswer =
  | { readonly kind: "joined" }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "done"; readonly task: number; readonly outcome: PutOutcome }
  | { readonly kind: "dropped"; readonly task: number }
  | { readonly kind: "failed"; readonly task: number; readonly message: string }
  | { readonly kind: "left" };
