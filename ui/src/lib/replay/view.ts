/** The part of a session that the timeline shows: zooming, panning, and where to put the ruler's ticks. Pure. */

import { clamp } from './search';

/** A window over a session, in ms. */
export interface View {
  from: number;
  to: number;
}

/** No closer than this, in ms. */
export const NARROWEST = 20;

export function whole(duration: number): View {
  return { from: 0, to: Math.max(duration, NARROWEST) };
}

/** Zoom by `factor` (below 1 is closer), keeping the moment `around` where it is on the screen. */
export function zoom(view: View, factor: number, around: number, duration: number): View {
  const all = whole(duration);
  const span = clamp((view.to - view.from) * factor, NARROWEST, all.to);
  const share = (around - view.from) / (view.to - view.from);
  return inside(around - span * share, span, all.to);
}

export function pan(view: View, by: number, duration: number): View {
  return inside(view.from + by, view.to - view.from, whole(duration).to);
}

/** Keep the playhead on the screen: turn the page when it has left it. */
export function reveal(view: View, t: number, duration: number): View {
  if (t >= view.from && t <= view.to) return view;
  const span = view.to - view.from;
  return inside(t - span * 0.1, span, whole(duration).to);
}

/** Follow a duration that grew: a view of the whole stays one. */
export function grown(view: View, before: number, duration: number): View {
  return isWhole(view, before) ? whole(duration) : view;
}

export function isWhole(view: View, duration: number): boolean {
  return view.from <= 0 && view.to >= whole(duration).to;
}

function inside(from: number, span: number, duration: number): View {
  const start = clamp(from, 0, Math.max(0, duration - span));
  return { from: start, to: start + span };
}

const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3, 300e3, 600e3, 900e3, 1.8e6, 3.6e6,
  7.2e6, 1.44e7, 2.16e7, 4.32e7, 8.64e7,
];

/** Round moments inside the view, at least `gap` pixels apart. */
export function ticks(view: View, width: number, gap = 90): number[] {
  const least = ((view.to - view.from) / Math.max(width, 1)) * gap;
  const step = STEPS.find((one) => one >= least) ?? Math.ceil(least / 8.64e7) * 8.64e7;
  const found: number[] = [];
  for (let i = Math.ceil(view.from / step); i * step <= view.to; i++) found.push(i * step);
  return found;
}

/** The view of a stretch of a session with some room around it. */
export function around(start: number, end: number, duration: number): View {
  const span = clamp((end - start) * 1.1, NARROWEST, whole(duration).to);
  return inside((start + end) / 2 - span / 2, span, whole(duration).to);
}
