/**
 * The hand on the map: wheel, drag, pinch, taps and keys become calls on the map.
 *
 * Why so: a wheel over a map that nobody has touched scrolls the page, as everywhere; once the map
 * has the focus, or with Ctrl, it zooms. A finger scrolls the page while the whole map is seen, and
 * moves the map once it is enlarged.
 */
import { type MapView } from "./map-view.ts";

export interface GestureTarget {
  /** A page was chosen; -1 for none. */
  select(page: number): void;
  /** The pointer is over a page; -1 for none. */
  hover(page: number): void;
  /** The part that is seen has changed. */
  viewChanged(): void;
  setOrder(order: "rows" | "hilbert"): void;
  inspect(): void;
  pages(): number;
}

const ZOOM_STEP = 1.5;
const PAN_STEP = 60;
/** A press that moves less is a tap, in CSS pixels. */
const TAP_SLACK = 5;

export function attachGestures(map: MapView, target: GestureTarget): void {
  attachPointers(map, target);
  attachWheel(map, target);
  map.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (handleKey(map, target, event)) event.preventDefault();
  });
}

function changed(map: MapView, target: GestureTarget): void {
  map.redraw();
  target.viewChanged();
}

function attachWheel(map: MapView, target: GestureTarget): void {
  const { canvas } = map;
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && document.activeElement !== canvas) return;
      const factor = Math.exp(-event.deltaY / (event.ctrlKey ? 120 : 400));
      // At the ends the wheel is the page's again.
      if (factor < 1 ? map.camera.zoom === 1 : map.camera.zoom >= map.camera.mostZoom) return;
      event.preventDefault();
      map.camera.zoomAt(event.offsetX, event.offsetY, factor);
      changed(map, target);
    },
    { passive: false },
  );
}

function attachPointers(map: MapView, target: GestureTarget): void {
  const { canvas } = map;
  const pressed = new Map<number, { x: number; y: number }>();
  let moved = 0;

  const place = (event: PointerEvent): { x: number; y: number } => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    pressed.set(event.pointerId, place(event));
    if (pressed.size === 1) moved = 0;
  });

  canvas.addEventListener("pointermove", (event) => {
    const now = place(event);
    const before = pressed.get(event.pointerId);
    if (before === undefined) {
      target.hover(map.pageAt(now.x, now.y));
      return;
    }
    const other = [...pressed].find(([id]) => id !== event.pointerId)?.[1];
    moved += Math.hypot(now.x - before.x, now.y - before.y);
    if (other !== undefined) {
      const spreadBefore = Math.hypot(before.x - other.x, before.y - other.y);
      const spread = Math.hypot(now.x - other.x, now.y - other.y);
      if (spreadBefore > 0) {
        map.camera.zoomAt((now.x + other.x) / 2, (now.y + other.y) / 2, spread / spreadBefore);
      }
      moved += TAP_SLACK;
    }
    const share = other === undefined ? 1 : 0.5;
    map.camera.pan((before.x - now.x) * share, (before.y - now.y) * share);
    pressed.set(event.pointerId, now);
    changed(map, target);
  });

  canvas.addEventListener("pointerup", (event) => {
    const wasPressed = pressed.delete(event.pointerId);
    if (!wasPressed || moved > TAP_SLACK) return;
    const { x, y } = place(event);
    target.select(map.pageAt(x, y));
  });
  canvas.addEventListener("pointercancel", (event) => pressed.delete(event.pointerId));
  canvas.addEventListener("pointerleave", () => target.hover(-1));
  canvas.addEventListener("dblclick", (event) => {
    map.camera.zoomAt(event.offsetX, event.offsetY, ZOOM_STEP ** 2);
    changed(map, target);
  });
}

/** @returns whether the key means something here */
function handleKey(map: MapView, target: GestureTarget, event: KeyboardEvent): boolean {
  const { camera } = map;
  const zoom = (factor: number): void => {
    const { x, y } = map.focus;
    camera.zoomAt(x, y, factor);
    changed(map, target);
  };
  const go = (right: number, down: number): void => {
    if (event.shiftKey) {
      camera.pan(right * PAN_STEP, down * PAN_STEP);
      changed(map, target);
      return;
    }
    const page = map.selected < 0 ? 0 : map.neighbour(map.selected, right, down);
    if (page >= 0) target.select(page);
  };
  const jump = (page: number): void => {
    target.select(Math.min(Math.max(page, 0), target.pages() - 1));
  };
  switch (event.key) {
    case "ArrowLeft":
      // In rows the page before the first of a row is the last of the row above.
      if (map.order === "rows" && !event.shiftKey) jump(map.selected - 1);
      else go(-1, 0);
      return true;
    case "ArrowRight":
      if (map.order === "rows" && !event.shiftKey) jump(map.selected + 1);
      else go(1, 0);
      return true;
    case "ArrowUp":
      go(0, -1);
      return true;
    case "ArrowDown":
      go(0, 1);
      return true;
    case "PageUp":
      jump(map.selected - map.layout.columns * 8);
      return true;
    case "PageDown":
      jump(map.selected + map.layout.columns * 8);
      return true;
    case "Home":
      jump(0);
      return true;
    case "End":
      jump(target.pages() - 1);
      return true;
    case "+":
    case "=":
      zoom(ZOOM_STEP);
      return true;
    case "-":
      zoom(1 / ZOOM_STEP);
      return true;
    case "0":
      zoom(0);
      return true;
    case "o":
      target.setOrder(map.order === "rows" ? "hilbert" : "rows");
      return true;
    case "Enter":
      target.inspect();
      return true;
    default:
      return false;
  }
}
