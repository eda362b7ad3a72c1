/**
 * Measures the memory of a store from outside: in a process of its own, by what the kernel says.
 *
 * What: starts probe-child.ts with a request, follows it from phase to phase, and reads the resident
 * memory of the process at each. The figure is what has come on top of the state before the first
 * put, in which runtime, corpus and codec are loaded and warm.
 *
 * Why so: what a store says about itself is not evidence, and a Map can't even say. One store per
 * process keeps the heaps apart. Linux gives Rss in smaps_rollup; elsewhere the probe is absent and
 * the cases say "not measured".
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ProbeRequest, ProbeResult } from "./harness/case.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** Two folders below the root like the sources, which find the root by that. */
const BUNDLE = "build/bench/probe-child.mjs";
const POLL_MS = 100;
const TRIM_DEADLINE_MS = 12_000;
const RETURNED_SHARE = 0.9;

/** How the child finds the same corpora as its parent. */
export interface ProbeCorpora {
  readonly bytesEach: number;
  readonly mixBytes: number;
  readonly paths: readonly string[];
}

/** A phase that the child has reached. */
interface Phase {
  readonly phase: "base" | "filled" | "churned" | "trimmed";
  readonly statedBytes?: number;
  /** Date.now() when what led here had ended, before the process settled. */
  readonly endedAtMs: number;
}

/** Whether this machine can measure from outside. */
export function canProbe(): boolean {
  return existsSync("/proc/self/smaps_rollup");
}

let bundled: Promise<unknown> | undefined;

/** The child as plain JavaScript: a loader of TypeScript in its process would add to its memory. */
function bundleChild(): Promise<unknown> {
  bundled ??= build({
    absWorkingDir: ROOT,
    entryPoints: ["bench/probe-child.ts"],
    outfile: BUNDLE,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    target: ["node20.19"],
    logLevel: "error",
  });
  return bundled;
}

/** @throws Error with what the child said when it failed */
export async function probe(request: ProbeRequest, corpora: ProbeCorpora): Promise<ProbeResult> {
  await bundleChild();
  return watchChild(request, corpora);
}

function watchChild(request: ProbeRequest, corpora: ProbeCorpora): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    // A trim is to work without an exposed collector; Maps are given every chance by one.
    const flags = request.flushShare > 0 ? [] : ["--expose-gc"];
    const child = spawn(
      process.execPath,
      [...flags, BUNDLE, JSON.stringify({ request, corpora })],
      { cwd: ROOT, stdio: ["pipe", "pipe", "pipe"] },
    );
    const watch = new Watch(child.pid as number, request);
    let said = "";
    let pending = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      pending += text;
      const lines = pending.split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) {
        void watch
          .reached(JSON.parse(line) as Phase)
          .then(() => child.stdin.write("go on\n"))
          .catch((error: unknown) => {
            said += String(error);
            child.kill();
          });
      }
    });
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(watch.result());
      else
        reject(
          new Error(`the measured process ended with code ${code}: ${said.trim().slice(-400)}`),
        );
    });
  });
}

type Return = Required<Pick<ProbeResult, "trimSeconds" | "isTrimLate">>;

/**
 * Follows a process until most of what was freed has left it, or for as long as the deadline allows.
 *
 * @param sinceMs when the trim ended, in milliseconds of Date.now()
 * @returns the deadline itself, marked as late, when it passes: that is a figure, too
 */
export async function waitForReturn(
  hasLeft: () => boolean,
  sinceMs: number,
  now: () => number = Date.now,
): Promise<Return> {
  for (;;) {
    const elapsedMs = now() - sinceMs;
    if (hasLeft()) return { trimSeconds: elapsedMs / 1000, isTrimLate: false };
    if (elapsedMs >= TRIM_DEADLINE_MS) {
      return { trimSeconds: TRIM_DEADLINE_MS / 1000, isTrimLate: true };
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

class Watch {
  readonly #pid: number;
  readonly #request: ProbeRequest;
  readonly #stated: number[] = [];
  readonly #bytes = new Map<Phase["phase"], number>();
  #return: Return | undefined;

  constructor(pid: number, request: ProbeRequest) {
    this.#pid = pid;
    this.#request = request;
  }

  async reached({ phase, statedBytes, endedAtMs }: Phase): Promise<void> {
    const before = this.#stated.at(-1);
    if (statedBytes !== undefined) this.#stated.push(statedBytes);
    if (phase === "trimmed" && before !== undefined && statedBytes !== undefined) {
      const resident = this.#bytes.get("churned") ?? this.#bytes.get("filled") ?? 0;
      const mostLeft = resident - (before - statedBytes) * RETURNED_SHARE;
      this.#return = await waitForReturn(() => residentBytes(this.#pid) <= mostLeft, endedAtMs);
    }
    this.#bytes.set(phase, residentBytes(this.#pid));
  }

  result(): ProbeResult {
    const base = this.#bytes.get("base") ?? 0;
    const over = (phase: Phase["phase"]): number => (this.#bytes.get(phase) ?? base) - base;
    const trimmed = this.#request.flushShare > 0;
    const last = this.#stated.length - 1;
    return {
      filledBytes: over("filled"),
      ...(this.#request.churnRounds > 0 ? { churnedBytes: over("churned") } : {}),
      ...(trimmed ? { trimmedBytes: over("trimmed") } : {}),
      ...this.#return,
      ...(trimmed && last > 0
        ? { freedBytes: (this.#stated[last - 1] as number) - (this.#stated[last] as number) }
        : {}),
      statedBytes: this.#stated,
      method: "growth of Rss in /proc/PID/smaps_rollup, read by the parent process",
    };
  }
}

function residentBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const match = /^Rss:\s+(\d+) kB/m.exec(text);
  if (match === null) throw new Error(`no Rss in /proc/${pid}/smaps_rollup`);
  return Number(match[1]) * 1024;
}
