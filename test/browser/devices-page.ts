/** Runs the commands of devices-run.ts in the page, or in workers that it starts and terminates. */
import { commands, type Command } from "./devices-run.ts";

const workers = new Map<string, Worker>();

/** Runs a command in the page. */
function runHere(command: Command): Promise<unknown> {
  return commands[command]();
}

/** Runs a command in the worker of a name, which is started when there is none. */
function runInWorker(name: string, command: Command): Promise<unknown> {
  let worker = workers.get(name);
  if (worker === undefined) {
    worker = new Worker("/devices-worker.js", { type: "module" });
    workers.set(name, worker);
  }
  return new Promise((resolve, reject) => {
    worker.addEventListener(
      "message",
      ({ data }: MessageEvent<{ result?: unknown; error?: string }>) => {
        if (data.error === undefined) resolve(data.result);
        else reject(new Error(data.error));
      },
      { once: true },
    );
    worker.addEventListener("error", (event) => reject(new Error(event.message)), { once: true });
    worker.postMessage({ command });
  });
}

/** Ends a worker at once, as a page does that is closed. */
function terminate(name: string): void {
  workers.get(name)?.terminate();
  workers.delete(name);
}

Object.assign(globalThis, { runHere, runInWorker, terminate });
