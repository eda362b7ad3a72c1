/**
 * A stress worker of a web page: one message in, violations and then "done" out. While it lives it
 * holds a Web Lock with the name of its slot and turn, by which the page learns that it has stopped.
 */
import { runCalls, type StressWorkerData } from "../shared/stress-calls.ts";

addEventListener("message", (event: MessageEvent<StressWorkerData & { lock: string }>) => {
  const reply = (message: unknown): void => (self as unknown as Worker).postMessage(message);
  void navigator.locks.request(event.data.lock, () => {
    runCalls(event.data, (violation) => reply({ violation }));
    reply({ done: true });
  });
});
