/**
 * The controls: source, page size, limit, effort, device, workers.
 *
 * Why so: a change takes effect when it is made, not while a value is being typed; what can't be
 * (a limit that is no number) is said beside the control, and the value before stays in force.
 */
import { type LinkState, type SourceName } from "../model/link.ts";
import { canHaveDevice, explainOptions, toPoolOptions } from "../model/pool-options.ts";
import { type PoolOptions } from "../protocol.ts";
import { element } from "./elements.ts";

const MIB = 1024 ** 2;
/** One wasm memory ends at 4 GiB. */
const MOST_LIMIT = 4096 * MIB;
const LEAST_LIMIT = MIB;

const pageSize = element<HTMLSelectElement>("page-size");
const limit = element<HTMLInputElement>("limit");
const limitError = element("limit-error");
const effort = element<HTMLSelectElement>("effort");
const device = element<HTMLSelectElement>("device");
const workers = element<HTMLSelectElement>("workers");
const note = element("pool-note");
const source = element<HTMLSelectElement>("source");

/** Sets the controls to a state; what can't be had here shows what is taken in its place. */
export function showControls(state: LinkState): void {
  const options = toPoolOptions(state, crossOriginIsolated);
  pageSize.value = String(state.pageSize);
  limit.value = String(state.limitBytes / MIB);
  effort.value = state.effort;
  device.value = options.device;
  for (const option of device.options) {
    option.disabled = !canHaveDevice(option.value as PoolOptions["device"], options.workers);
  }
  workers.value = String(options.workers);
  workers.disabled = !crossOriginIsolated;
  note.textContent = explainOptions(state, crossOriginIsolated);
  note.hidden = note.textContent === "";
  source.value = state.source;
}

/**
 * @param onSource a source was chosen
 * @param onOptions the pool shall be made otherwise
 */
export function attachControls(
  onSource: (source: SourceName) => void,
  onOptions: (options: Partial<PoolOptions>) => void,
): void {
  source.addEventListener("change", () => onSource(source.value as SourceName));
  pageSize.addEventListener("change", () => onOptions({ pageSize: Number(pageSize.value) }));
  effort.addEventListener("change", () =>
    onOptions({ effort: effort.value as PoolOptions["effort"] }),
  );
  device.addEventListener("change", () =>
    onOptions({ device: device.value as PoolOptions["device"] }),
  );
  workers.addEventListener("change", () => onOptions({ workers: Number(workers.value) }));
  limit.addEventListener("change", () => {
    const limitBytes = Number(limit.value) * MIB;
    const fits = limitBytes >= LEAST_LIMIT && limitBytes <= MOST_LIMIT;
    limitError.hidden = fits;
    limit.setAttribute("aria-invalid", String(!fits));
    if (fits) onOptions({ limitBytes });
  });
}
