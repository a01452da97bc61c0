import { expect, it } from 'vitest';
import { sortedBy, sortingOf, withSorting } from './sorting';

const query = (text: string): URLSearchParams => new URLSearchParams(text);

it('shows the newest first unless asked otherwise', () => {
  expect(sortingOf(query(''))).toEqual({ by: 'startedAt', order: 'desc' });
  expect(sortingOf(query('sortBy=totalCost&sortOrder=asc'))).toEqual({ by: 'cost', order: 'asc' });
  expect(sortingOf(query('sortBy=colour&sortOrder=up'))).toEqual({ by: 'startedAt', order: 'desc' });
});

it('turns round on a second press, and a new column begins with the most', () => {
  expect(sortedBy(query(''), 'startedAt').toString()).toBe('sortOrder=asc');
  expect(sortedBy(query('tag=a&sortOrder=asc&page=3'), 'cost').toString()).toBe('tag=a&sortBy=cost');
  expect(sortedBy(query('sortBy=cost&sortOrder=asc'), 'cost').toString()).toBe('sortBy=cost');
});

it('an order is set whole, and the usual one leaves no trace', () => {
  const query = new URLSearchParams('tag=eu&cursor=x&sortBy=cost');
  expect(withSorting(query, { by: 'tokens', order: 'asc' }).toString()).toBe('tag=eu&sortBy=tokens&sortOrder=asc');
  expect(withSorting(query, { by: 'startedAt', order: 'desc' }).toString()).toBe('tag=eu');
});
