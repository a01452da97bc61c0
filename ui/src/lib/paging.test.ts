import { describe, expect, it } from 'vitest';
import { pagesOf, rowsBetween } from './paging';

describe('rowsBetween', () => {
  it('covers every row that can be seen, wherever somebody scrolled to', () => {
    for (const top of [0, 17, 3600, 3_599_000]) {
      const span = rowsBetween(top, top + 900, 36, 100_000);
      expect(span.first * 36).toBeLessThanOrEqual(top);
      expect(span.end * 36).toBeGreaterThanOrEqual(Math.min(top + 900, 3_600_000));
      expect(span.end - span.first).toBeLessThan(60);
    }
  });

  it('stays inside a short list, an empty one, and one that shrank', () => {
    expect(rowsBetween(0, 900, 36, 3)).toEqual({ first: 0, end: 3 });
    expect(rowsBetween(0, 900, 36, 0)).toEqual({ first: 0, end: 0 });
    expect(rowsBetween(50_000, 50_900, 36, 3)).toEqual({ first: 3, end: 3 });
  });
});

describe('pagesOf', () => {
  it('names the pages that hold the rows', () => {
    expect(pagesOf({ first: 0, end: 40 }, 100)).toEqual([1]);
    expect(pagesOf({ first: 90, end: 130 }, 100)).toEqual([1, 2]);
    expect(pagesOf({ first: 100, end: 200 }, 100)).toEqual([2]);
    expect(pagesOf({ first: 0, end: 0 }, 100)).toEqual([1]);
  });
});
