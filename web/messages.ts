/**
 * What the page and its worker say to each other. The worker owns the file and the module; the page
 * gets columns of numbers, a batch at a time, transferred and not copied.
 */

/** Page → worker: measure this. A new request ends the one that runs. */
export interface Request {
  /** Comes back with every answer, so that answers to an older request can be told. */
  readonly run: number;
  readonly file: Blob;
  readonly pageSize: number;
}

/** How a page is kept, as a number in a column. */
export const FORM_REJECTED = 0;
export const FORM_SAME_FILLED = 1;
export const FORM_COMPRESSED = 2;
export const FORM_RAW = 3;

/** What is known of a run so far; sizes in bytes, times in milliseconds. */
export interface Totals {
  readonly pages: number;
  readonly sameFilledPages: number;
  readonly rawPages: number;
  readonly rejectedPages: number;
  readonly dataBytes: number;
  readonly keptBytes: number;
  readonly compressedBytes: number;
  readonly heldBytes: number;
  readonly putMs: number;
  readonly getMs: number;
}

/** Worker → page. */
export type Answer =
  | {
      readonly kind: "started";
      readonly run: number;
      /** Pages that will be measured, and pages of the file: fewer when it is sampled. */
      readonly pages: number;
      readonly filePages: number;
    }
  | {
      readonly kind: "batch";
      readonly run: number;
      /** The number of the first page of the batch. */
      readonly first: number;
      /** Per page: one of the forms above. */
      readonly forms: Uint8Array;
      /** Per page: bytes of its block, 0 where it has none. */
      readonly blockBytes: Uint32Array;
      readonly totals: Totals;
    }
  | { readonly kind: "done"; readonly run: number; readonly totals: Totals }
  | { readonly kind: "failed"; readonly run: number; readonly message: string };
