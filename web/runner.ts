/**
 * The page's end of the worker: starts it and those that it hires, numbers the runs, and passes on
 * only answers to the present one.
 */
import { type Answer, type PoolOptions, type Request, type Source } from "./protocol.ts";
import { PutWorkers } from "./put-workers.ts";
import { type Hire } from "./worker/crew-messages.ts";

type Unnumbered<Message> = Message extends { readonly run: number } ? Omit<Message, "run"> : never;

export class Runner {
  readonly #onAnswer: (answer: Answer) => void;
  readonly #onCrash: (message: string) => void;
  readonly #putWorkers = new PutWorkers();
  #worker: Worker | null = null;
  #run = 0;

  /** @param onCrash the worker could not be started, or stopped */
  constructor(onAnswer: (answer: Answer) => void, onCrash: (message: string) => void) {
    this.#onAnswer = onAnswer;
    this.#onCrash = onCrash;
  }

  /** Begins a run; the one before ends. */
  start(source: Source, options: PoolOptions): void {
    this.#run += 1;
    this.#worker ??= this.#open();
    this.send({ kind: "start", source, options });
  }

  /** Says something about the present run. */
  send(request: Unnumbered<Request>, transfer: Transferable[] = []): void {
    this.#worker?.postMessage({ ...request, run: this.#run }, transfer);
  }

  #open(): Worker {
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Answer | Hire>) => {
      if (worker !== this.#worker) return;
      if (data.kind === "hire") this.#putWorkers.start(data);
      else if (data.run === this.#run) this.#onAnswer(data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      // It lives on after an error, with its pool and its run: neither is of use any more.
      worker.terminate();
      if (worker !== this.#worker) return;
      this.#worker = null;
      this.#putWorkers.endAll();
      this.#onCrash(
        event.message
          ? `The worker stopped: ${event.message}`
          : "The worker could not be started. Reload the page; an ad blocker may be in the way.",
      );
    });
    return worker;
  }
}
