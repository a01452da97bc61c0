/** What fingers, a mouse and a wheel say on the timeline: scrub, zoom, pan, point. Knows pixels only. */

export interface Gestures {
  scrub(x: number): void;
  /** A drag with Shift: a stretch from where it began to where it is. */
  select(from: number, to: number): void;
  /** A press that did not move. */
  tap(x: number, y: number): void;
  zoom(factor: number, x: number): void;
  pan(pixels: number): void;
  hover(x: number, y: number): void;
  leave(): void;
}

const STILL = 4;

/** Listen on an element; returns how to stop. */
export function gestures(element: HTMLElement, on: Gestures): () => void {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pointers = new Map<number, { x: number; y: number }>();
  let pressed: { x: number; y: number; moved: boolean; selects: boolean } | null = null;
  const place = (event: PointerEvent | WheelEvent): { x: number; y: number } => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const down = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    pressed = pointers.size === 1 ? { ...place(event), moved: false, selects: event.shiftKey } : null;
    if (pressed && !pressed.selects) on.scrub(pressed.x);
  };
  const move = (event: PointerEvent): void => {
    const now = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) return on.hover(now.x, now.y);
    if (pointers.size === 2) pinch(event.pointerId, before, now);
    pointers.set(event.pointerId, now);
    if (!pressed) return;
    pressed.moved ||= Math.abs(now.x - pressed.x) > STILL;
    if (pressed.moved) on.leave();
    if (pressed.moved && pressed.selects) on.select(pressed.x, now.x);
    else if (pressed.moved) on.scrub(now.x);
  };
  const pinch = (id: number, before: { x: number }, now: { x: number }): void => {
    const other = [...pointers].find(([one]) => one !== id)?.[1];
    if (!other) return;
    const apart = Math.max(Math.abs(now.x - other.x), 1);
    on.zoom(Math.max(Math.abs(before.x - other.x), 1) / apart, (now.x + other.x) / 2);
    on.pan((before.x - now.x) / 2);
  };
  const up = (event: PointerEvent): void => {
    if (pressed && !pressed.moved && !pressed.selects && event.type === 'pointerup') on.tap(pressed.x, pressed.y);
    pointers.delete(event.pointerId);
    pressed = null;
  };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) on.pan(sideways);
    else on.zoom(Math.exp(event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), place(event).x);
  };

  element.addEventListener('pointerdown', down, { signal });
  element.addEventListener('pointermove', move, { signal });
  element.addEventListener('pointerup', up, { signal });
  element.addEventListener('pointercancel', up, { signal });
  element.addEventListener('pointerleave', () => on.leave(), { signal });
  element.addEventListener('wheel', wheel, { signal, passive: false });
  return () => stopping.abort();
}
