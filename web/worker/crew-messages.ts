/**
 * What the demo's worker and those that put for it say to each other.
 */
import { type ZmemAttachment } from "../../src/index.shared.ts";
import { type Batch, type PutOutcome } from "./putter.ts";
import { type SharedAreaLink } from "./shared-slots.ts";

/** The demo's worker → one of the crew. */
export type CrewRequest =
  | {
      readonly kind: "join";
      readonly attachment: ZmemAttachment;
      readonly area: SharedAreaLink;
      readonly groupPages: number;
    }
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
