/**
 * The page's part in the workers that put: it starts and ends them for its worker, and hears nothing
 * of their work. worker/hired-worker.ts says why they are not that worker's own.
 */
import { type Hire, type Join } from "./worker/crew-messages.ts";

export class PutWorkers {
  readonly #workers = new Set<Worker>();

  start({ joining, work, life }: Hire): void {
    let worker: Worker | undefined;
    const end = (): void => {
      worker?.terminate();
      if (worker !== undefined) this.#workers.delete(worker);
      life.postMessage("ended");
    };
    life.addEventListener("message", end, { once: true });
    life.start();
    const sayStopped = (): void => life.postMessage("stopped");
    try {
      worker = new Worker(new URL("./put-worker.js", import.meta.url), { type: "module" });
      this.#workers.add(worker);
      worker.addEventListener("error", (event) => {
        event.preventDefault();
        sayStopped();
      });
      const join: Join = { ...joining, work };
      worker.postMessage(join, [work]);
    } catch {
      // The browser gives no more workers: told as if it had stopped at once.
      sayStopped();
    }
  }

  /** Whoever they worked for has been ended. */
  endAll(): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers.clear();
  }
}
