/**
 * What the timeline draws: marks by lane, packed into rows where they overlap, and thinned to what a pixel can show. Pure; the
 * canvas that paints it is in components/player.
 */

import type { Mark } from '../types';
import { type Recording, firstTokenAt } from './recording';
import { countUpTo } from './search';

export type LaneKey = 'calls' | 'steps' | 'user' | 'code' | 'errors';

export const LANE_OF: Partial<Record<Mark['type'], LaneKey>> = {
  interaction: 'calls',
  step: 'steps',
  user_action: 'user',
  feedback: 'user',
  code_context: 'code',
  workspace_state: 'code',
};
/** Overlapping bars go to rows of their own, up to this many. */
export const MOST_ROWS = 4;
/** A gap is never narrower, in pixels. */
const NARROWEST = 6;

/** One lane in columns, in order of beginning. */
export interface Lane {
  key: LaneKey;
  marks: Mark[];
  starts: Float64Array;
  ends: Float64Array;
  /** The latest end of this mark and all before it: what a window may still see of earlier marks. */
  reach: Float64Array;
  row: Uint8Array;
  rows: number;
}

/** A bar on the screen, in pixels: one mark, or `count` of them that are too close to be told apart. */
export interface Bar {
  x0: number;
  x1: number;
  row: number;
  count: number;
  error: boolean;
  /** The first mark of the bar. */
  mark: Mark;
  /** Where the first token came, for a bar of one mark. */
  tick: number | null;
}

/** The window of time that `width` pixels show. */
export interface Window {
  from: number;
  to: number;
  width: number;
}

/** Lanes that have anything, in drawing order, and those that `also` will. O(n). */
export function lanesOf(recording: Recording, also: readonly LaneKey[] = []): Lane[] {
  const byKey = new Map<LaneKey, Mark[]>(also.map((key) => [key, []]));
  const put = (key: LaneKey, mark: Mark): void => {
    const marks = byKey.get(key);
    if (marks) marks.push(mark);
    else byKey.set(key, [mark]);
  };
  for (const mark of recording.started) {
    const key = LANE_OF[mark.type];
    if (key) put(key, mark);
    if (mark.error) put('errors', mark);
  }
  const order: LaneKey[] = ['calls', 'steps', 'user', 'code', 'errors'];
  return order.filter((key) => byKey.has(key)).map((key) => lane(key, byKey.get(key) ?? []));
}

function lane(key: LaneKey, marks: Mark[]): Lane {
  const lasting = key === 'calls' || key === 'steps';
  // An error shows where it happened: at the end of what failed.
  const starts = Float64Array.from(marks, (mark) => (key === 'errors' ? mark.end : mark.at));
  if (key === 'errors') sortBoth(marks, starts);
  const ends = lasting ? Float64Array.from(marks, endOf) : starts;
  const row = lasting ? pack(starts, ends) : new Uint8Array(marks.length);
  const reach = new Float64Array(marks.length);
  ends.forEach((end, i) => (reach[i] = Math.max(end, i ? (reach[i - 1] as number) : end)));
  return { key, marks, starts, ends, reach, row, rows: row.reduce((most, one) => Math.max(most, one + 1), 1) };
}

/** A call that is not over reaches as far as one looks. */
const endOf = (mark: Mark): number => (mark.pending ? Infinity : mark.end);

function sortBoth(marks: Mark[], starts: Float64Array): void {
  marks.sort((a, b) => a.end - b.end || a.seq - b.seq);
  starts.sort();
}

/** The first row that is free again, for intervals in order of beginning; the last row takes what has no place. */
export function pack(starts: Float64Array, ends: Float64Array): Uint8Array {
  const free = new Float64Array(MOST_ROWS).fill(-Infinity);
  const rows = new Uint8Array(starts.length);
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i] as number;
    let row = 0;
    while (row < MOST_ROWS - 1 && (free[row] as number) > start) row++;
    rows[i] = row;
    free[row] = Math.max(free[row] as number, ends[i] as number);
  }
  return rows;
}

/** The lane's bars in a window, neighbours closer than a pixel melted into one: never more than 2 × rows × width of them. */
export function barsIn(lane: Lane, window: Window): Bar[] {
  const scale = window.width / Math.max(window.to - window.from, 1e-9);
  const open: (Bar | undefined)[] = [];
  const bars: Bar[] = [];
  const last = countUpTo(lane.starts, window.to);
  for (let i = countUpTo(lane.reach, window.from - 1 / scale); i < last; i++) {
    const x1 = Math.min(((lane.ends[i] as number) - window.from) * scale, window.width + 1);
    if (x1 < -1) continue;
    const x0 = Math.max(((lane.starts[i] as number) - window.from) * scale, -1);
    const row = lane.row[i] as number;
    const mark = lane.marks[i] as Mark;
    // Failed and unfailed marks melt apart, so that one error does not turn its neighbours red.
    const pot = row * 2 + (mark.error ? 1 : 0);
    const before = open[pot];
    if (before && x0 < before.x1 + 1 && (x1 - x0 < 2 || x1 <= before.x1)) melt(before, x1);
    else bars.push((open[pot] = bar(mark, { x0, x1, row }, window, scale)));
  }
  return bars;
}

function melt(bar: Bar, x1: number): void {
  bar.x1 = Math.max(bar.x1, x1);
  bar.count += 1;
  bar.tick = null;
}

function bar(mark: Mark, place: { x0: number; x1: number; row: number }, window: Window, scale: number): Bar {
  const first = mark.type === 'interaction' ? firstTokenAt(mark) : null;
  const tick = first === null || first <= mark.at ? null : (first - window.from) * scale;
  return { ...place, count: 1, error: mark.error === true, mark, tick };
}

/** The stretches in which events were lost, wide enough to be seen. */
export function gapsIn(recording: Recording, window: Window): Bar[] {
  const scale = window.width / Math.max(window.to - window.from, 1e-9);
  return recording.gaps
    .filter((mark) => mark.end >= window.from && mark.at <= window.to)
    .map((mark) => {
      const x0 = (mark.at - window.from) * scale;
      const x1 = Math.max(x0 + NARROWEST, (mark.end - window.from) * scale);
      // At the very end it grows to the left, so that it stays inside.
      return { x0: Math.max(-1, Math.min(x0, window.width - NARROWEST)), x1: Math.min(x1, window.width), row: 0, count: 1, error: false, mark, tick: null };
    });
}

/** The bar under a point, the nearest within `slack` pixels; null when there is none. */
export function barAt(bars: readonly Bar[], x: number, row: number | null, slack = 4): Bar | null {
  let best: Bar | null = null;
  let distance = slack;
  for (const one of bars) {
    if (row !== null && one.row !== row) continue;
    const away = x < one.x0 ? one.x0 - x : x > one.x1 ? x - one.x1 : 0;
    if (away <= distance && (best === null || away < distance || one.x0 >= best.x0)) {
      best = one;
      distance = away;
    }
  }
  return best;
}
