/**
 * The page's part in the workers that put: it starts and ends them for its worker, and hears nothing
 * of their work. worker/hired-worker.ts says why they are not that worker's own.
 */
import { type Hire, type Join } from "./worker/crew-messages.ts";

export class PutWorkers {
  readonly #workers = new Set<Worker>();

  start({ joining, work, life }: Hire): void {
    const worker = new Worker(new URL("./put-worker.js", import.meta.url), { type: "module" });
    this.#workers.add(worker);
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      life.postMessage("stopped");
    });
    const end = (): void => {
      worker.terminate();
      this.#workers.delete(worker);
      life.postMessage("ended");
    };
    life.addEventListener("message", end, { once: true });
    life.start();
    const join: Join = { ...joining, work };
    worker.postMessage(join, [work]);
  }

  /** Whoever they worked for is gone. */
  endAll(): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers.clear();
  }
}
