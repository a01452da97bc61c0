/** A moment in an address: `?t=ms` or `?event=id`. Pure. */

export type Moment = { event: string } | { t: number } | null;

/** Read the moment that an address asks for; anything that is no moment is none. */
export function momentIn(query: URLSearchParams): Moment {
  const event = query.get('event');
  if (event) return { event };
  const t = query.get('t');
  const ms = t === null || t.trim() === '' ? NaN : Number(t);
  return Number.isFinite(ms) ? { t: Math.max(0, ms) } : null;
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
