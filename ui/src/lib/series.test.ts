import { expect, it } from 'vitest';
import { filled } from './series';
import type { SeriesRow } from './types';

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
