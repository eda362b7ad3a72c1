/**
 * The contenders in a browser: the portable ones, and the wasm peers in their form for browsers.
 *
 * Why so: the peers' wasm files are served beside the page (or inlined by the bundler's plugin in
 * bench/browser-page.ts), so that the page needs nothing from elsewhere.
 */
import type { CodecContender } from "./contender.ts";
import { javascriptCodecs, zmemCodec, zstdCodec } from "./portable.ts";

/** Fetches and compiles zmem's codec module. */
export async function compileServedCodec(): Promise<WebAssembly.Module> {
  const response = await fetch("zmem.codec.wasm");
  if (!response.ok) throw new Error(`zmem.codec.wasm: HTTP ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** All codecs that a page can be asked for. */
export function browserCodecs(
  version: string,
  versions: Readonly<Record<string, string>>,
): CodecContender[] {
  const own = (["default", "fast", "high"] as const).map((effort) =>
    zmemCodec(effort, version, compileServedCodec),
  );
  return [
    ...own,
    {
      name: "lz4-wasm",
      family: "lz4",
      runtime: "wasm",
      version: versions["lz4-wasm"] ?? "unknown",
      load: async () => {
        const lz4 = await import("lz4-wasm/lz4_wasm_bg.js");
        return {
          compress: (page) => lz4.compress(page),
          decompress: (block) => lz4.decompress(block),
        };
      },
    },
    zstdCodec(versions, "zstd.wasm"),
    ...javascriptCodecs(versions),
  ];
}
