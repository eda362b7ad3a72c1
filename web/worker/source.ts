/**
 * Where the pages of a run come from, made ready: bytes of a file or sample, a program at work, or a
 * drawing whose tiles come by themselves.
 */
import { type Source } from "../protocol.ts";
import { type Program, startProgram } from "./program.ts";
import { type Breathe, makeSample } from "./samples.ts";

/** A source that pages can be taken from. */
export type Prepared =
  | { readonly kind: "blob"; readonly blob: Blob }
  | { readonly kind: "program"; readonly program: Program }
  | { readonly kind: "drawing"; readonly pages: number };

/**
 * @param breathe waits between two steps; throws when nobody wants the source any more
 * @throws Error in plain words when there is nothing to take
 */
export async function prepareSource(source: Source, breathe: Breathe): Promise<Prepared> {
  switch (source.kind) {
    case "file":
      if (source.file.size === 0) throw new Error("The file is empty: there is no page to keep.");
      return { kind: "blob", blob: source.file };
    case "sample": {
      const bytes = await makeSample(source.name, breathe);
      return { kind: "blob", blob: new Blob([bytes as BlobPart]) };
    }
    case "program":
      return { kind: "program", program: await startProgram() };
    case "drawing":
      return { kind: "drawing", pages: source.pages };
  }
}

/** Pages that a source has now. */
export function countPages(source: Prepared, pageSize: number): number {
  if (source.kind === "blob") return Math.ceil(source.blob.size / pageSize);
  return source.kind === "program" ? source.program.memory().length / pageSize : source.pages;
}
