/**
 * A static server for the demo page and the browser tests.
 *
 * What: files from memory and from one folder, over HTTP on the loopback interface.
 *
 * Why so: a page gets SharedArrayBuffer only when it is cross-origin isolated, which takes two
 * response headers (COOP and COEP); with `isolated: false` the same files are served without, to
 * test that a page works there too. Nothing is cached, so a rebuilt page is a reload away.
 *
 * Invariants: serves nothing outside its folder.
 */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

/** What to serve. */
export interface ServeOptions {
  /** Contents by path ("/index.html"); these come before the folder's files. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** A folder whose files are served. */
  readonly folder?: string;
  /** Sends the headers of cross-origin isolation; true unless told otherwise. */
  readonly isolated?: boolean;
  /** 0, the default, takes any free port. */
  readonly port?: number;
}

/** A running server. */
export interface Server {
  /** Address without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server on 127.0.0.1. @throws Error when the port is taken */
export async function serve(options: ServeOptions): Promise<Server> {
  const { files = {}, folder, isolated = true, port = 0 } = options;

  async function find(path: string): Promise<string | Uint8Array | null> {
    if (Object.hasOwn(files, path)) return files[path] ?? null;
    if (folder === undefined) return null;
    const full = normalize(join(folder, path));
    if (!full.startsWith(normalize(folder) + sep)) return null;
    return readFile(full).catch(() => null);
  }

  const server = createServer(async (request, response) => {
    let path: string;
    try {
      path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    } catch {
      response.writeHead(400).end("the address can't be read");
      return;
    }
    if (path.endsWith("/")) path += "index.html";
    const content = await find(path);
    const headers: Record<string, string> = { "Cache-Control": "no-store" };
    if (isolated) {
      headers["Cross-Origin-Opener-Policy"] = "same-origin";
      headers["Cross-Origin-Embedder-Policy"] = "require-corp";
    }
    if (content === null) {
      response.writeHead(404, { ...headers, "Content-Type": "text/plain" });
      response.end(`there is no ${path}`);
      return;
    }
    headers["Content-Type"] = MEDIA_TYPES[extname(path)] ?? "application/octet-stream";
    response.writeHead(200, headers).end(content);
  });

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
