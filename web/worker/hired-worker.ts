/**
 * A worker that puts, as the demo's worker sees it: the page starts it and ends it.
 *
 * Why so: a worker may start workers of its own, but in Firefox 153 such a start now and then never
 * returns, and the worker that asked hangs in it: after 516 starts, in a browser that a program drives
 * after 4 to 38 (2026-11). Of 8,000 that a page started none did.
 */
import { type EndableWorker } from "../../src/index.shared.ts";
import { type CrewAnswer, type CrewRequest, type Hire, type Joining } from "./crew-messages.ts";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

/** What concerns whoever hires. */
export interface HireEvents {
  readonly onAnswer: (answer: CrewAnswer) => void;
  /** Its script did not load or threw, or the browser gives no more workers or ended it. */
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

  /** Asks the page to start it; called once. */
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
