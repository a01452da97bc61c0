/** What happened in a session, as a small picture: over its time, or as shares of a bar where that is not known. Pure. */
import type { Activity, SessionItem } from './types';
import { plural } from './format';

export interface Part {
  kind: 'interaction' | 'step' | 'other';
  events: number;
}

export interface Shares {
  /** Length of the whole bar, 0 to 1, by the logarithm of the number of events. */
  length: number;
  parts: Part[];
  /** Share of the bar that failed, 0 to 1. */
  failed: number;
  says: string;
}

const FULL = 4;

/** Return the bar of a session; one event is a short bar, ten thousand fill it. */
export function sharesOf({ summary, errorCount }: Pick<SessionItem, 'summary' | 'errorCount'>): Shares {
  const calls = summary.totalInteractions;
  const steps = Math.max(0, summary.totalSpans - calls);
  const other = Math.max(0, summary.totalEvents - summary.totalSpans);
  const parts = (
    [
      { kind: 'interaction', events: calls },
      { kind: 'step', events: steps },
      { kind: 'other', events: other },
    ] satisfies Part[]
  ).filter((part) => part.events > 0);
  const events = calls + steps + other;
  return {
    length: events === 0 ? 0 : Math.min(1, 0.1 + (0.9 * Math.log10(events)) / FULL),
    parts,
    failed: events === 0 ? 0 : Math.min(1, errorCount / events),
    says: saysOf(calls, steps, other, errorCount),
  };
}

function saysOf(calls: number, steps: number, other: number, errors: number): string {
  const words = [plural(calls, 'call')];
  if (steps) words.push(plural(steps, 'step'));
  if (other) words.push(plural(other, 'other event'));
  if (errors) words.push(plural(errors, 'error'));
  return words.join(', ');
}

/** The lanes of the picture, from top to bottom; `top` and `height` in its units. */
export const LANES = [
  { key: 'interactions', top: 0, height: 5 },
  { key: 'steps', top: 6, height: 3 },
  { key: 'others', top: 10, height: 2 },
] as const;
export const PICTURE_HEIGHT = 12;

/** A path of rectangles, one for each stretch of cells in which something was, a unit wide each. */
export function pathOf(cells: readonly number[], top: number, height: number): string {
  let path = '';
  for (let from = 0; from < cells.length; from += 1) {
    if (!cells[from]) continue;
    let until = from + 1;
    while (cells[until]) until += 1;
    path += `M${from} ${top}h${until - from}v${height}h${from - until}z`;
    from = until;
  }
  return path;
}

/** The paths of a session's picture, by lane, and of what failed in it. */
export function pictureOf(activity: Activity): { lanes: { key: string; path: string }[]; errors: string } {
  return {
    lanes: LANES.map(({ key, top, height }) => ({ key, path: pathOf(activity[key], top, height) })),
    errors: pathOf(activity.errors, 0, PICTURE_HEIGHT),
  };
}
