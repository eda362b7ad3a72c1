/**
 * The contenders in a browser: the portable ones, and the wasm peers in their form for browsers.
 *
 * Why so: the peers' wasm files are served beside the page (or inlined by the bundler's plugin in
 * bench/browser-page.ts), so that the page needs nothing from elsewhere.
 */
import type { CodecContender } from "./contender.ts";
import { javascriptCodecs, zmemCodec } from "./portable.ts";

/** Fetches and compiles zmem's codec module. */
export async function compileServedCodec(): Promise<WebAssembly.Module> {
  const response = await fetch("zmem.codec.wasm");
  if (!response.ok) throw new Error(`zmem.codec.wasm: HTTP ${response.status}`);
  return WebAssembly.compile(await response.arrayBuffer());
}

let zstdLoading: Promise<typeof import("@bokuweb/zstd-wasm")> | undefined;

/** Once: a second `init` pulls the memory away from under what the first one has made. */
function loadZstd(): Promise<typeof import("@bokuweb/zstd-wasm")> {
  zstdLoading ??= import("@bokuweb/zstd-wasm").then(async (zstd) => {
    // The types are those of the entry for Node, which takes no address.
    await (zstd.init as (address: string) => Promise<void>)("zstd.wasm");
    return zstd;
  });
  return zstdLoading;
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
    {
      name: "zstd-wasm 1",
      family: "zstd",
      runtime: "wasm",
      version: `@bokuweb/zstd-wasm ${versions["@bokuweb/zstd-wasm"]}`,
      slow: true,
      load: async () => {
        const zstd = await loadZstd();
        return {
          compress: (page) => zstd.compress(page, 1),
          decompress: (block) => zstd.decompress(block),
        };
      },
    },
    ...javascriptCodecs(versions),
  ];
}
