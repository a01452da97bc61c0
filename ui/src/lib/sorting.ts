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

/** The query after a press on a column's head: most first, and the other way round when it is sorted so already. */
export function sortedBy(query: URLSearchParams, by: SortBy): URLSearchParams {
  const now = sortingOf(query);
  const order: SortOrder = now.by === by && now.order === 'desc' ? 'asc' : 'desc';
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
