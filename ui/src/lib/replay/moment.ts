/** A moment in an address, `?t=ms` or `?event=id`, and a range, `?from=ms&to=ms`. Pure. */

import type { Range } from './range';

export type Moment = { event: string } | { t: number } | null;

/** Read the range that an address asks for; where it makes none, null. */
export function rangeIn(query: URLSearchParams): Range | null {
  const start = msIn(query, 'from');
  const end = msIn(query, 'to');
  return start === null || end === null || end <= start ? null : { start, end };
}

/** The query with this range in it and no other, everything else as it was. */
export function withRange(query: URLSearchParams, range: Range | null): URLSearchParams {
  const next = new URLSearchParams(query);
  next.delete('from');
  next.delete('to');
  if (range) next.set('from', String(Math.round(range.start)));
  if (range) next.set('to', String(Math.round(range.end)));
  return next;
}

/** Read the moment that an address asks for; anything that is no moment is none. */
export function momentIn(query: URLSearchParams): Moment {
  const event = query.get('event');
  if (event) return { event };
  const t = msIn(query, 't');
  return t === null ? null : { t };
}

function msIn(query: URLSearchParams, name: string): number | null {
  const text = query.get(name)?.trim();
  const ms = text ? Number(text) : NaN;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** The query with this moment in it and no other, everything else as it was. */
export function withMoment(query: URLSearchParams, moment: Moment): URLSearchParams {
  const next = new URLSearchParams(query);
  next.delete('t');
  next.delete('event');
  if (moment && 'event' in moment) next.set('event', moment.event);
  else if (moment) next.set('t', String(Math.round(moment.t)));
  return next;
}
