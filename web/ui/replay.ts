/**
 * The time-lapse: a slider over the history of a run, and a button that plays it.
 *
 * Why so: a run of seconds is over before one has seen what happened where. Played back it takes
 * some seconds whatever its length was; the slider goes to any place by hand, and so does a link.
 */
import { type MapView } from "../map/map-view.ts";
import { type History } from "../model/history.ts";
import { element } from "./elements.ts";
import { type Frames } from "./frames.ts";
import { countToText } from "./units.ts";

const PLAY_MS = 8000;

export class Replay {
  readonly #slider = element<HTMLInputElement>("moment");
  readonly #button = element("play");
  readonly #label = element("moment-label");
  readonly #history: History;
  readonly #map: MapView;
  readonly #frames: Frames;
  readonly #onMove: (moment: number) => void;
  #playing = false;
  #begun = 0;
  #from = 0;

  /** @param onMove it was left at a place, in events; -1 for now */
  constructor(history: History, map: MapView, frames: Frames, onMove: (moment: number) => void) {
    this.#history = history;
    this.#map = map;
    this.#frames = frames;
    this.#onMove = onMove;
    this.#slider.addEventListener("input", () => {
      this.#playing = false;
      this.#frames.request(() => this.#show(Number(this.#slider.value)));
      this.#tell();
    });
    this.#button.addEventListener("click", () => this.toggle());
    this.reset();
  }

  /** Back to now; a new run begins or its events go on. */
  reset(): void {
    this.#playing = false;
    this.update();
    this.#show(Number(this.#slider.max));
  }

  /** Goes to a place of the run, in events; -1 for now. */
  go(moment: number): void {
    this.#playing = false;
    this.update();
    const { first, end } = this.#history;
    const event = moment < 0 ? end : Math.min(Math.max(moment, first), end);
    this.#slider.value = String(event);
    this.#show(event);
  }

  /** The history has grown. */
  update(): void {
    const atEnd = this.#slider.value === this.#slider.max;
    this.#slider.max = String(this.#history.end);
    this.#slider.min = String(this.#history.first);
    if (atEnd && !this.#playing) this.#slider.value = this.#slider.max;
    this.#say();
  }

  toggle(): void {
    this.#playing = !this.#playing;
    const value = Number(this.#slider.value);
    this.#from = value >= this.#history.end ? this.#history.first : value;
    this.#begun = performance.now();
    this.#say();
    if (this.#playing) this.#frames.request(this.#step);
    else this.#tell();
  }

  readonly #step = (now: number): boolean => {
    if (!this.#playing) return false;
    const { first, end } = this.#history;
    const passed = (Math.max(0, now - this.#begun) / PLAY_MS) * (end - first);
    const event = Math.min(Math.round(this.#from + passed), end);
    if (event >= end) this.#playing = false;
    this.#slider.value = String(event);
    this.#show(event);
    if (!this.#playing) this.#tell();
    return this.#playing;
  };

  #show(event: number): void {
    this.#map.showMoment(event >= this.#history.end ? null : event);
    this.#say();
  }

  #tell(): void {
    const event = Number(this.#slider.value);
    this.#onMove(event >= this.#history.end ? -1 : event);
  }

  #say(): void {
    const value = Number(this.#slider.value);
    const { end } = this.#history;
    this.#button.textContent = this.#playing ? "Stop" : "Replay";
    this.#label.textContent =
      value >= end
        ? `now, after ${countToText(end)} events`
        : `${countToText(value)} of ${countToText(end)} events`;
  }
}
