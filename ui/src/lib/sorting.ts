/** The order of the list, as its address says it. Pure. */
import type { SortBy, SortOrder } from './types';

const ALIASES: Record<string, SortBy> = { totalCost: 'cost', totalTokens: 'tokens' };
const NAMES: readonly SortBy[] = ['startedAt', 'cost', 'tokens', 'duration', 'interactions', 'errors'];

export interface Sorting {
  by: SortBy;
  order: SortOrder;
}

/** Return the order that a query asks for; newest first when it asks for none or for one that does not exist. */
export function sortingOf(query: URLSearchParams): Sorting {
  const asked = query.get('sortBy') ?? 'startedAt';
  const by = ALIASES[asked] ?? NAMES.find((name) => name === asked) ?? 'startedAt';
  return { by, order: query.get('sortOrder') === 'asc' ? 'asc' : 'desc' };
}

/** The orders that a list can have, under the names of its columns. */
export const ORDERS: readonly { by: SortBy; name: string }[] = [
  { by: 'startedAt', name: 'Started' },
  { by: 'duration', name: 'Duration' },
  { by: 'interactions', name: 'Calls' },
  { by: 'tokens', name: 'Tokens' },
  { by: 'cost', name: 'Cost' },
  { by: 'errors', name: 'Errors' },
];

/** The query after a press on a column's head: most first, and the other way round when it is sorted so already. */
export function sortedBy(query: URLSearchParams, by: SortBy): URLSearchParams {
  const now = sortingOf(query);
  return withSorting(query, { by, order: now.by === by && now.order === 'desc' ? 'asc' : 'desc' });
}

/** The query with an order. */
export function withSorting(query: URLSearchParams, { by, order }: Sorting): URLSearchParams {
  const next = new URLSearchParams(query);
  next.delete('page');
  next.delete('cursor');
  setUnless(next, 'sortBy', by, 'startedAt');
  setUnless(next, 'sortOrder', order, 'desc');
  return next;
}

function setUnless(query: URLSearchParams, name: string, value: string, usual: string): void {
  if (value === usual) query.delete(name);
  else query.set(name, value);
}
