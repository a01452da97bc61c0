/** What a timeline draws of a stretch whose marks are not here: how much there was, cell by cell. Pure. */

import type { Outline } from '../types';
import { LANE_OF, type LaneKey, type Window } from './lanes';
import type { Hole } from './pages';

/** Shades are told apart, and nothing finer. */
const SHADES = 6;

/** A stretch of one lane, in whole pixels, and how crowded it is, from 0 (nothing) to 1 (as much as anywhere). */
export interface Haze {
  x0: number;
  x1: number;
  share: number;
}

/** The lanes that an outline has anything in. */
export function lanesAfar(outline: Outline | null): LaneKey[] {
  if (!outline) return [];
  const keys = outline.lanes.map((lane) => LANE_OF[lane.key]).filter((key) => key !== undefined);
  return [...new Set(keys), ...(outline.errors.some(Boolean) ? (['errors'] as const) : [])];
}

/** How much there is in a lane in each cell of an outline. */
export function countsAfar(outline: Outline, key: LaneKey): number[] {
  if (key === 'errors') return outline.errors;
  const counts = outline.errors.map(() => 0);
  for (const lane of outline.lanes) {
    if (LANE_OF[lane.key] === key) lane.counts.forEach((count, cell) => (counts[cell] = (counts[cell] ?? 0) + count));
  }
  return counts;
}

/** The haze of a lane within holes, as far as a window shows it; neighbouring cells that are alike are one. */
export function hazeIn(counts: readonly number[], cell: number, holes: readonly Hole[], window: Window): Haze[] {
  const most = counts.reduce((highest, count) => Math.max(highest, count), 1);
  const scale = window.width / Math.max(window.to - window.from, 1e-9);
  const found: Haze[] = [];
  for (const hole of holes) {
    const [from, to] = [Math.max(hole.start, window.from), Math.min(hole.end, window.to)];
    for (let at = Math.max(0, Math.floor(from / cell)); at < counts.length && at * cell < to; at++) {
      const share = Math.ceil(((counts[at] ?? 0) / most) * SHADES) / SHADES;
      const x0 = Math.round((Math.max(at * cell, from) - window.from) * scale);
      const x1 = Math.round((Math.min((at + 1) * cell, to) - window.from) * scale);
      const last = found.at(-1);
      if (!share || x1 <= x0) continue;
      if (last && last.share === share && last.x1 === x0) last.x1 = x1;
      else found.push({ x0, x1, share });
    }
  }
  return found;
}
