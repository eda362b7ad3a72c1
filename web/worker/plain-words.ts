/**
 * Errors in words that name a way out.
 */
import { ZmemError } from "../../src/index.ts";

/** @returns a sentence or two for the person at the page */
export function toPlainWords(error: unknown): string {
  if (error instanceof DOMException) {
    switch (error.name) {
      case "NotReadableError":
        return "The file can't be read any more. It may have changed since you picked it: pick it again.";
      case "NotFoundError":
        return "The file is gone, or it is a folder. Pick a file.";
      case "QuotaExceededError":
        return "The browser gives this page no more storage.";
      case "SecurityError":
      case "NotAllowedError":
        return "The browser doesn't let this page use its storage.";
    }
  }
  if (error instanceof ZmemError && error.code === "ERR_ZMEM_UNSUPPORTED") {
    return "This browser can't run zmem: it has no WebAssembly with SIMD. Update it, or use another.";
  }
  if (error instanceof ZmemError && error.code === "ERR_ZMEM_MEMORY") {
    return "The browser has no memory left for this. Close other tabs, or set a lower limit.";
  }
  if (
    error instanceof ZmemError &&
    (error.code === "ERR_ZMEM_DEVICE" || error.code === "ERR_ZMEM_LOST")
  ) {
    return `The swap device failed (${error.message}). What was put before is still here; choose another device to go on.`;
  }
  if (error instanceof RangeError && error.message.startsWith("limitBytes:")) {
    return `The limit is too low: ${error.message.replace("limitBytes: ", "")}.`;
  }
  if (error instanceof RangeError && /memory|allocation|array/i.test(error.message)) {
    return "The browser has no memory left for this. Close other tabs, or pick a smaller file.";
  }
  return error instanceof Error ? error.message : String(error);
}
