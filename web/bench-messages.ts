/**
 * What the bench page and its worker say to each other.
 */
import type { Effort } from "../bench/harness/case.ts";
import type { ResultFile } from "../bench/harness/results.ts";

/** The page asks for a run. */
export interface BenchRequest {
  readonly effort: Effort;
  /** Parts of case names; all cases of the effort when empty. */
  readonly filters: readonly string[];
  readonly rounds?: number;
  /** Files of the user as corpora. */
  readonly files: readonly File[];
  /** Bytes that corpora made by the page shall have, by their names, to be those of another run. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/** The page asks to stop; what is finished comes as a result. */
export interface BenchStop {
  readonly stop: true;
}

/** The worker's answers. */
export type BenchReply =
  | { readonly kind: "progress"; readonly message: string }
  | { readonly kind: "error"; readonly message: string }
  | {
      readonly kind: "result";
      readonly file: ResultFile;
      readonly text: string;
      readonly html: string;
    };
