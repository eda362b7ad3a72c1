/**
 * A real redis-server for the tests, on a free port of the loopback interface, with nothing on disk.
 *
 * What: ZMEM_REDIS_SERVER names the program, else redis-server or valkey-server of the PATH.
 *
 * Invariants: without one a test is skipped loudly; on a CI machine it fails. The server ends with
 * the test process at the latest.
 */
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_TIMEOUT_MS = 10_000;

/** A running server. */
export interface RedisServer {
  readonly port: number;
  /** Its process, to be stopped (SIGSTOP) or killed by a test. */
  readonly process: ChildProcess;
  close(): Promise<void>;
}

/** @returns the program; null when this machine has none */
function findProgram(): string | null {
  const candidates = [process.env["ZMEM_REDIS_SERVER"], "redis-server", "valkey-server"];
  for (const program of candidates) {
    if (program && spawnSync(program, ["--version"]).status === 0) return program;
  }
  return null;
}

const program = findProgram();

/**
 * Whether this machine has a server; a line beginning with SKIPPED says so when not.
 *
 * @throws Error when there is none and CI is set
 */
export function hasRedisServer(): boolean {
  if (program !== null) return true;
  const message =
    "no redis-server found: install it (Debian: redis-server) or set ZMEM_REDIS_SERVER";
  if (process.env["CI"]) throw new Error(message);
  console.log(`SKIPPED ${message}`);
  return false;
}

/** Starts a server. @param settings more of its command line: "--maxmemory", "8mb" */
export async function startRedisServer(settings: readonly string[] = []): Promise<RedisServer> {
  if (program === null) throw new Error("there is no redis-server");
  const folder = mkdtempSync(join(tmpdir(), "zmem-redis-"));
  const port = await findFreePort();
  const child = spawn(
    program,
    [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
      ...["--save", "", "--appendonly", "no", ...settings],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let output = "";
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => fail("did not start in time"), START_TIMEOUT_MS);
    const fail = (what: string): void => {
      clearTimeout(timer);
      kill();
      reject(new Error(`redis-server ${what}\n${output}`));
    };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (!output.includes("Ready to accept connections")) return;
      clearTimeout(timer);
      resolve();
    });
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
  return {
    port,
    process: child,
    close: async () => {
      kill();
      await ended;
      process.off("exit", kill);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
