/** A range of a session: how it is set, and what happened in it. Pure. Times in ms from the session's start. */

import type { Recording } from './recording';
import { clamp } from './search';
import type { Totals } from './totals';

export interface Range {
  start: number;
  end: number;
}

/** What happened in a range; an event belongs to the moment at which it was complete. */
export interface RangeTotals extends Totals {
  events: number;
  errors: number;
}

/** No range is shorter, so that a loop always moves. */
export const SHORTEST = 10;

/** The range between two moments in either order, inside the session; null when they are too close. */
export function rangeBetween(one: number, other: number, duration: number): Range | null {
  const start = clamp(Math.min(one, other), 0, duration);
  const end = clamp(Math.max(one, other), 0, duration);
  return end - start < SHORTEST ? null : { start, end };
}

/** The range with another start; one that lay before it reaches to the session's end. */
export function startingAt(range: Range | null, t: number, duration: number): Range | null {
  return rangeBetween(t, range && range.end > t ? range.end : duration, duration);
}

/** The range with another end; one that lay behind it begins with the session. */
export function endingAt(range: Range | null, t: number, duration: number): Range | null {
  return rangeBetween(range && range.start < t ? range.start : 0, t, duration);
}

/** What the events that were complete within a range, both ends included, came to. O(log n). */
export function totalsIn(recording: Recording, { start, end }: Range): RangeTotals {
  const until = recording.totalsAt(end);
  const before = recording.totalsBefore(start);
  return {
    calls: until.calls - before.calls,
    cost: Math.max(0, Math.round((until.cost - before.cost) * 1e9) / 1e9),
    inputTokens: until.inputTokens - before.inputTokens,
    outputTokens: until.outputTokens - before.outputTokens,
    unpriced: until.unpriced - before.unpriced,
    ...recording.countIn(start, end),
  };
}
