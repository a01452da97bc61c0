import { expect, it } from 'vitest';
import { filled, othersOf, rowCost, unnamed } from './series';
import type { SeriesRow, StatsData } from './types';

const row = (key: string): SeriesRow => ({
  key,
  sessions: 1,
  interactions: 2,
  errors: 0,
  cost: 0.1,
  tokens: { input: 1, output: 1 },
  p50: 5,
  p95: 9,
});

it('fills the days on which nothing was recorded', () => {
  const rows = filled([row('2026-01-03T00:00:00Z'), row('2026-01-01T00:00:00Z')], 'day');
  expect(rows.map((each) => [each.key.slice(0, 10), each.sessions])).toEqual([
    ['2026-01-01', 1],
    ['2026-01-02', 0],
    ['2026-01-03', 1],
  ]);
});

it('invents no latency where nothing was measured', () => {
  expect(filled([row('2026-01-01T00:00:00Z'), row('2026-01-01T02:00:00Z')], 'hour')[1]?.p50).toBeNull();
});

it('keeps the gaps of a series too long to fill, and an empty one empty', () => {
  expect(filled([row('2020-01-01T00:00:00Z'), row('2026-01-01T00:00:00Z')], 'hour')).toHaveLength(2);
  expect(filled([], 'day')).toEqual([]);
});

const part = (interactions: number, cost: number): SeriesRow => ({
  key: 'a model', sessions: 1, interactions, errors: 0, cost, tokens: { input: interactions, output: 1 }, p50: null, p95: null,
});
const all = (series: SeriesRow[], totalInteractions: number, totalCost: number): StatsData =>
  ({ series, totalInteractions, totalCost, totalTokens: { input: totalInteractions, output: series.length } }) as StatsData;

it('what the rows leave out of the totals is one sum, and nothing where they are all', () => {
  expect(othersOf(all([part(5, 0.5), part(3, 0.25)], 10, 1))).toEqual({ interactions: 2, tokens: 2, cost: 0.25 });
  expect(othersOf(all([part(5, 0.5)], 5, 0.5))).toBeNull();
  // 0.8 - (0.1 + 0.7) is 1.1e-16 in binary fractions.
  expect(othersOf(all([part(5, 0.1), part(3, 0.7)], 10, 0.8))?.cost).toBe(0);
});

it('a row whose calls may all be without a price has no cost, rather than a false zero', () => {
  expect(rowCost(part(3, 0), 3)).toBeNull();
  expect(rowCost(part(3, 0), 2)).toBe(0);
  expect(rowCost(part(3, 0.1), 9)).toBe(0.1);
  expect(rowCost(part(0, 0), 9)).toBe(0);
});

it('what comes next is what is counted and has no row', () => {
  const counted = ['b', 'a model', 'c', ''].map((value) => ({ value, count: 1, isEstimate: false }));
  expect(unnamed(counted, [part(1, 0)])).toEqual(['b', 'c']);
});
