/** The statistics' series, made ready to show: buckets without anything are filled in, what the rows leave out is summed up. Pure. */
import type { FacetRow, SeriesRow, StatsData } from './types';

export type Bucket = 'day' | 'hour';

/** More buckets than this are drawn as they come, with the gaps between them. */
const MOST = 2000;
const LENGTH: Record<Bucket, number> = { day: 86_400_000, hour: 3_600_000 };

/** Return the rows in time order with an empty row for every bucket that is missing between the first and the last. */
export function filled(rows: SeriesRow[], bucket: Bucket): SeriesRow[] {
  const known = new Map(rows.map((row) => [Date.parse(row.key), row]));
  const times = [...known.keys()].sort((a, b) => a - b);
  const first = times[0];
  const last = times.at(-1);
  if (first === undefined || last === undefined) return [];
  const step = LENGTH[bucket];
  if ((last - first) / step > MOST) return times.flatMap((time) => known.get(time) ?? []);
  const all: SeriesRow[] = [];
  for (let time = first; time <= last; time += step) all.push(known.get(time) ?? emptyRow(time));
  return all;
}

const emptyRow = (time: number): SeriesRow => ({
  key: new Date(time).toISOString(),
  sessions: 0,
  interactions: 0,
  errors: 0,
  cost: 0,
  tokens: { input: 0, output: 0 },
  p50: null,
  p95: null,
});


/**
 * What a row cost; null where nothing of it may be known. A row does not say how many of its calls have no price, only all
 * statistics do: `unpriced`.
 */
export const rowCost = (row: Pick<SeriesRow, 'cost' | 'interactions'>, unpriced: number): number | null =>
  row.cost === 0 && row.interactions > 0 && unpriced >= row.interactions ? null : row.cost;

/** Dollars without what binary fractions leave over when they are taken from each other: money is kept in billionths. */
const wholeNanos = (dollars: number): number => Math.round(dollars * 1e9) / 1e9;

export interface Others {
  interactions: number;
  tokens: number;
  cost: number;
}

/** What the totals hold beyond the rows, which are the greatest groups only; null where the rows are all. */
export function othersOf(stats: StatsData): Others | null {
  const sum = (value: (row: SeriesRow) => number): number => stats.series.reduce((all, row) => all + value(row), 0);
  const interactions = stats.totalInteractions - sum((row) => row.interactions);
  if (interactions <= 0) return null;
  const tokens = stats.totalTokens.input + stats.totalTokens.output - sum((row) => row.tokens.input + row.tokens.output);
  return { interactions, tokens: Math.max(0, tokens), cost: Math.max(0, wholeNanos(stats.totalCost - sum((row) => row.cost))) };
}

/** What a group's filter is grouped and counted by. */
export const BREAKDOWN_FACETS = { aiModel: 'model', appFeature: 'feature', userId: 'user' } as const;

/** The counted values that have no row yet, those with the most sessions first. */
export function unnamed(counted: readonly FacetRow[], rows: readonly SeriesRow[]): string[] {
  const known = new Set(rows.map((row) => row.key));
  return counted.map(({ value }) => value).filter((value) => value && !known.has(value));
}
