/**
 * Compiles the module from wherever a program keeps it.
 *
 * Why so: streaming compilation refuses a wrong MIME type, which static hosts get wrong often, so a
 * response is compiled from its bytes; the module is too small for streaming to matter.
 */

/** Where the module comes from: an address, a response, its bytes, or compiled already. */
export type WasmSource =
  URL | string | Response | PromiseLike<Response> | BufferSource | WebAssembly.Module;

/** What was given is no source of a module, which is the caller's mistake and not the module's. */
export class SourceError extends TypeError {}

/**
 * @param source a string is an address relative to the page (or `file:` and `data:` where fetch
 *   takes them); in Node pass bytes read with `fs` or a `file:` URL
 * @throws TypeError for anything else; Error when the response is not ok
 */
export async function compileFrom(source: WasmSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source)) {
    return WebAssembly.compile(source);
  }
  const response = await toResponse(source);
  if (!response.ok) {
    throw new Error(`expected the module at ${response.url}, got HTTP ${response.status}`);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}

async function toResponse(source: unknown): Promise<Response> {
  if (typeof source === "string" || source instanceof URL) {
    const url = String(source);
    return url.startsWith("file:") ? readFileUrl(url) : fetch(url);
  }
  const resolved = await source;
  if (resolved instanceof Response) return resolved;
  const got = resolved === null ? "null" : typeof resolved;
  const name = got === "object" ? (resolved as object).constructor?.name : undefined;
  throw new SourceError(
    `wasm: expected a URL, a Response, bytes or a WebAssembly.Module, got ${name ?? got}`,
  );
}

/** Node's fetch takes no `file:` URLs; a bundler must not follow this import. */
async function readFileUrl(url: string): Promise<Response> {
  const name = "node:fs/promises";
  const { readFile } = (await import(/* @vite-ignore */ name)) as typeof import("node:fs/promises");
  return new Response(new Uint8Array(await readFile(new URL(url))));
}
