/** Local moments of date inputs, and the usual ranges. Pure: now is passed in. */

const pad = (value: number): string => String(value).padStart(2, '0');

/** The text a `datetime-local` input wants for a wire moment; empty for none or a broken one. */
export function toInput(wire: string | null): string {
  if (!wire) return '';
  const date = new Date(/^\d+$/.test(wire) ? Number(wire) : wire);
  if (Number.isNaN(date.getTime())) return '';
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
  return `${day}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
}

/** The wire moment of what a `datetime-local` input holds; `until` covers its whole minute, since ranges are inclusive. */
export function fromInput(text: string, until = false): string | null {
  const date = new Date(text);
  if (!text || Number.isNaN(date.getTime())) return null;
  return new Date(date.getTime() + (until ? 59_999 : 0)).toISOString();
}

export const PRESETS: readonly { name: string; hours: number }[] = [
  { name: 'Last hour', hours: 1 },
  { name: 'Last 24 hours', hours: 24 },
  { name: 'Last 7 days', hours: 24 * 7 },
  { name: 'Last 30 days', hours: 24 * 30 },
];

/** Where a range that reaches back from now begins, on a whole minute, so that the same view is the same link. */
export function hoursBefore(now: Date, hours: number): string {
  const start = now.getTime() - hours * 3_600_000;
  return new Date(start - (start % 60_000)).toISOString();
}

/** First and last instant (inclusive) of a bucket of the statistics that begins at `key`. */
export function bucketRange(key: string, groupBy: 'day' | 'hour'): { startDate: string; endDate: string } {
  const start = new Date(key).getTime();
  const length = groupBy === 'day' ? 86_400_000 : 3_600_000;
  return { startDate: new Date(start).toISOString(), endDate: new Date(start + length - 1).toISOString() };
}
