/**
 * What a user downloads: the module, the default entry, and the demo page with all that it fetches
 * when it opens, the latter two gzipped.
 *
 * Why so: every later issue may spend bytes, and only a figure in the same table as the speeds shows
 * what they bought.
 */
import { gzipSync } from "node:zlib";
import { buildDist, measureSizes } from "../../scripts/bundle.mjs";
import { buildWeb, openingFiles } from "../../scripts/web.ts";
import type { BenchCase } from "../harness/case.ts";

export const sizesCase: BenchCase = {
  name: "sizes",
  title: "bytes of module, entry and demo page",
  withoutCorpora: true,
  efforts: ["full", "all"],
  run: async ({ record }) => {
    const row = (figure: string, bytes: number): void =>
      record({ figure, contender: "zmem", unit: "bytes", samples: [bytes] });
    await buildDist();
    for (const { file, gzip, actual } of measureSizes()) {
      row(gzip ? `${file}, gzipped` : file, actual);
    }
    const files = await buildWeb();
    const opened = openingFiles(files).map((name) => gzipSync(files[name] ?? "").length);
    row(
      "demo page, gzipped",
      opened.reduce((sum, bytes) => sum + bytes, 0),
    );
  },
};
