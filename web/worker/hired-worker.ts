/**
 * A worker that puts, as the demo's worker sees it: the page starts it and ends it.
 *
 * Why so: a worker may start workers of its own, but in Firefox 153 such a start now and then never
 * returns, and the worker that asked hangs in it (about one in 500; one in 20 where the browser is
 * driven by a program). Those that a page starts never did, in thousands.
 */
import { type EndableWorker } from "../../src/index.shared.ts";
import { type CrewAnswer, type CrewRequest, type Hire, type Joining } from "./crew-messages.ts";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

/** What concerns whoever hires. */
export interface HireEvents {
  readonly onAnswer: (answer: CrewAnswer) => void;
  /** Its script did not load, or the browser ended it. */
  readonly onStopped: () => void;
}

export class HiredWorker implements EndableWorker {
  readonly #work = new MessageChannel();
  readonly #life = new MessageChannel();
  readonly #ended: Promise<void>;

  constructor({ onAnswer, onStopped }: HireEvents) {
    const [work, life] = [this.#work.port1, this.#life.port1];
    work.addEventListener("message", ({ data }: MessageEvent<CrewAnswer>) => onAnswer(data));
    work.start();
    this.#ended = new Promise((resolve) => {
      life.addEventListener("message", ({ data }: MessageEvent<"stopped" | "ended">) => {
        if (data === "stopped") onStopped();
        else resolve();
      });
    });
    life.start();
  }

  /** Has it started; called once. */
  start(joining: Joining): void {
    const [work, life] = [this.#work.port2, this.#life.port2];
    const hire: Hire = { kind: "hire", joining, work, life };
    scope.postMessage(hire, [work, life]);
  }

  send(request: CrewRequest): void {
    this.#work.port1.postMessage(request);
  }

  /** Resolves when the page has ended it. */
  async terminate(): Promise<void> {
    this.#life.port1.postMessage("end");
    await this.#ended;
    this.#work.port1.close();
    this.#life.port1.close();
  }
}
