// How a map is moved by mouse and fingers: drag it, pinch it, turn the wheel, press what stands there.
import { type RefObject, useEffect, useRef } from "react";
import type { Spot } from "./mercator";

interface Gestures {
  move: (pixels: Spot) => void;
  /** Nearer or further, around a pixel. */
  zoom: (factor: number, pixel: Spot) => void;
  /** Something was pressed, and not dragged. */
  press: (pixel: Spot) => void;
  /** Whether something stands there that can be pressed. */
  isOver: (pixel: Spot) => boolean;
}

/** A finger trembles: what moves by less than this is pressed. */
const TREMBLE_PIXELS = 5;
const WHEEL = 0.0015;
/** One notch of a wheel that counts lines, in pixels. */
const LINE_PIXELS = 20;

export function useGestures(target: RefObject<HTMLElement | null>, gestures: Gestures): void {
  const latest = useRef(gestures);
  useEffect(() => {
    latest.current = gestures;
  });
  useEffect(() => {
    const element = target.current;
    return element === null ? undefined : listen(element, latest);
  }, [target]);
}

function listen(element: HTMLElement, latest: RefObject<Gestures>): () => void {
  const fingers = new Map<number, Spot>();
  let travelled = 0;
  const pixelOf = (event: MouseEvent): Spot => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const down = (event: PointerEvent) => {
    if (event.button === 0) {
      travelled = fingers.size === 0 ? 0 : TREMBLE_PIXELS;
      fingers.set(event.pointerId, pixelOf(event));
      element.setPointerCapture(event.pointerId);
    }
  };
  const move = (event: PointerEvent) => {
    const at = pixelOf(event);
    const before = fingers.get(event.pointerId);
    if (before === undefined) {
      element.style.cursor = latest.current.isOver(at) ? "pointer" : "";
      return;
    }
    fingers.set(event.pointerId, at);
    travelled += Math.hypot(at.x - before.x, at.y - before.y);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other !== undefined) {
      pinch(before, at, other);
    } else if (travelled > TREMBLE_PIXELS) {
      latest.current.move({ x: at.x - before.x, y: at.y - before.y });
    }
  };
  /** One finger moves while another one stays; in turns, both do. */
  const pinch = (before: Spot, at: Spot, other: Spot) => {
    const apart = Math.hypot(before.x - other.x, before.y - other.y);
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    latest.current.move({ x: (at.x - before.x) / 2, y: (at.y - before.y) / 2 });
    if (apart > 0) {
      latest.current.zoom(Math.hypot(at.x - other.x, at.y - other.y) / apart, middle);
    }
  };
  const up = (event: PointerEvent) => {
    const wasDown = fingers.delete(event.pointerId);
    if (event.type === "pointerup" && wasDown && travelled <= TREMBLE_PIXELS) {
      latest.current.press(pixelOf(event));
    }
  };
  const wheel = (event: WheelEvent) => {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PIXELS;
    latest.current.zoom(Math.exp(-event.deltaY * pixels * WHEEL), pixelOf(event));
  };
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  // It is not passive: the page must not scroll along.
  element.addEventListener("wheel", wheel, { passive: false });
  return () => {
    element.removeEventListener("pointerdown", down);
    element.removeEventListener("pointermove", move);
    element.removeEventListener("pointerup", up);
    element.removeEventListener("pointercancel", up);
    element.removeEventListener("wheel", wheel);
  };
}
