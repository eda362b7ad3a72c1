import type { ResultFile } from "../harness/results.ts";
export function reportToHtml(file: ResultFile): string {
  return String(file.schema);
}
