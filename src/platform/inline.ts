/**
 * The module that the default entry carries inside itself, as base64.
 *
 * Why so: a separate file is lost by some bundlers and needs a path, a MIME type and a content
 * security policy for fetch; a few KiB of base64 work everywhere. build/inline-wasm.ts is generated
 * by `npm run build:wasm`.
 */
import { INLINE_WASM_BASE64 } from "../../build/inline-wasm.ts";

function inlineBytes(): Uint8Array<ArrayBuffer> {
  const text = atob(INLINE_WASM_BASE64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Compiles the inline module off the main thread. */
export function compileInline(): Promise<WebAssembly.Module> {
  return WebAssembly.compile(inlineBytes());
}

/** Compiles the inline module at once; a few milliseconds. */
export function compileInlineSync(): WebAssembly.Module {
  return new WebAssembly.Module(inlineBytes());
}
