/** Runs the commands of devices-run.ts in a dedicated worker: one message in, one out. */
import { commands, type Command } from "./devices-run.ts";

addEventListener("message", (event: MessageEvent<{ command: Command }>) => {
  const reply = (message: unknown): void => (self as unknown as Worker).postMessage(message);
  commands[event.data.command]().then(
    (result) => reply({ result }),
    (error: unknown) => reply({ error: String((error as Error)?.stack ?? error) }),
  );
});
