/** Numbers, money, durations and times as people read them. Pure; the locale is passed in where a test needs one. */

/** Where there is no number. */
export const NOTHING = '–';

/** Dollars. A cost that is not zero never reads as zero: small ones keep two significant digits. */
export function money(dollars: number | null | undefined): string {
  if (dollars === null || dollars === undefined || Number.isNaN(dollars)) return NOTHING;
  if (dollars === 0) return '$0.00';
  const size = Math.abs(dollars);
  if (size >= 0.9995) return `$${dollars.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  if (size >= 0.01) return `$${dollars.toFixed(4)}`;
  return `$${smallDecimal(dollars)}`;
}

/** What sessions cost as far as it is known: nothing known is no zero. `unpriced` is how many of their calls have no known price. */
export const knownCost = (dollars: number, unpriced: number): string => (unpriced && !dollars ? 'unknown' : money(dollars));

/** The same where calls without a price are to be seen beside those that have one: at least so much. */
export const leastCost = (dollars: number, unpriced: number): string =>
  unpriced && dollars ? `≥ ${money(dollars)}` : knownCost(dollars, unpriced);

/** Two significant digits without an exponent: 0.0000021. */
function smallDecimal(value: number): string {
  const places = Math.min(20, 1 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(places);
}

/** A whole number with separators. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : Math.round(value).toLocaleString('en-US');
}

/** A number in at most four characters and a unit: 950, 12.4k, 1.2M. */
export function compact(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (Math.abs(value) < 10_000) return count(value);
  for (const [size, unit] of [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    if (Math.abs(value) >= size * 0.9995) return `${trim(value / size)}${unit}`;
  }
  return count(value);
}

const trim = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, ''));

/** Milliseconds as a person says them: 850 ms, 1.2 s, 6 m 40 s, 2 h 05 m, 3 d 4 h. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || Number.isNaN(ms)) return NOTHING;
  if (ms < 1000) return `${count(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A latency: always milliseconds, so that a column of them compares at a glance. */
export function latency(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? NOTHING : `${count(ms)} ms`;
}

/** A position on the clock: 02:14.380, with hours when there are any. */
export function clock(ms: number): string {
  const total = Math.max(0, Math.round(ms));
  const hours = Math.floor(total / 3_600_000);
  const rest = `${pad(Math.floor(total / 60_000) % 60)}:${pad(Math.floor(total / 1000) % 60)}.${pad(total % 1000, 3)}`;
  return hours ? `${pad(hours)}:${rest}` : rest;
}

/** A percentage that is not zero never reads as zero. */
export function percent(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (value > 0 && value < 0.1) return '<0.1 %';
  return `${value.toFixed(value >= 10 || Number.isInteger(value) ? 0 : 1)} %`;
}

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

/** A local moment, as short as it may be: the time today, day and time this year, otherwise with the year. */
export function moment(when: string | Date | null | undefined, now: Date = new Date()): string {
  if (!when) return NOTHING;
  const date = new Date(when);
  if (Number.isNaN(date.getTime())) return NOTHING;
  if (date.toDateString() === now.toDateString()) return time.format(date);
  const days = date.getFullYear() === now.getFullYear() ? day : dayAndYear;
  return `${days.format(date)}, ${time.format(date).slice(0, 5)}`;
}

/** The same moment in UTC to the millisecond, for a title. */
export function utc(when: string | Date | null | undefined): string {
  if (!when) return '';
  const date = new Date(when);
  return Number.isNaN(date.getTime()) ? '' : `${date.toISOString().replace('T', ' ').replace('Z', '')} UTC`;
}

/** How long ago: just now, 5 min ago, 3 h ago, 2 d ago. */
export function ago(when: string | Date, now: Date = new Date()): string {
  const seconds = Math.max(0, (now.getTime() - new Date(when).getTime()) / 1000);
  if (seconds < 45) return 'just now';
  if (seconds < 3570) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 84_600) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** One or several, with the number: 1 event, 12 events. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A count and its noun; of an estimate the leading three digits: about 12,300 sessions. */
export function counted(value: number, isEstimate: boolean, one: string): string {
  return isEstimate ? `about ${plural(Number(value.toPrecision(3)), one)}` : plural(value, one);
}
