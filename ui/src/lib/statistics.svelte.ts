/** The statistics of a query: the view that was asked for, and the breakdowns beside it. Owns no markup and no address. */
import { ApiError, getStats, isAbort, listSessions } from './api';
import type { GroupBy, SessionItem, StatsData } from './types';

export const BREAKDOWNS = ['model', 'feature', 'user'] as const;
export type BreakdownBy = (typeof BREAKDOWNS)[number];

/** What the sessions at the top are the first in. */
export const TOPS = ['cost', 'duration'] as const;
export type TopBy = (typeof TOPS)[number];
const TOP = 5;

/** Return the grouping that a text names; days when it names none. */
export function groupingOf(text: string | null): GroupBy {
  const all: readonly GroupBy[] = ['day', 'hour', ...BREAKDOWNS];
  return all.find((each) => each === text) ?? 'day';
}

export class Statistics {
  stats = $state.raw<StatsData | null>(null);
  breakdowns = $state.raw<Partial<Record<BreakdownBy, StatsData>>>({});
  tops = $state.raw<Partial<Record<TopBy, SessionItem[]>>>({});
  failure = $state<ApiError | null>(null);
  ready = $state(false);

  /** Ask for a query; returns how to give up. The old numbers stay until the new ones are there. */
  open(query: URLSearchParams, groupBy: GroupBy): () => void {
    const asked = new AbortController();
    this.ready = false;
    this.failure = null;
    void this.#load(query, groupBy, asked.signal);
    return () => asked.abort();
  }

  async #load(query: URLSearchParams, groupBy: GroupBy, signal: AbortSignal): Promise<void> {
    try {
      this.stats = await getStats(query, groupBy, signal);
      this.ready = true;
      if (groupBy === 'day' || groupBy === 'hour') await Promise.all([this.#loadBreakdowns(query, signal), this.#loadTops(query, signal)]);
    } catch (reason) {
      if (isAbort(reason)) return;
      if (!(reason instanceof ApiError)) throw reason;
      this.failure = reason;
    }
  }

  async #loadBreakdowns(query: URLSearchParams, signal: AbortSignal): Promise<void> {
    const found = await Promise.all(BREAKDOWNS.map((by) => getStats(query, by, signal)));
    this.breakdowns = Object.fromEntries(BREAKDOWNS.map((by, index) => [by, found[index]]));
  }

  async #loadTops(query: URLSearchParams, signal: AbortSignal): Promise<void> {
    const found = await Promise.all(
      TOPS.map(async (by) => {
        const wanted = new URLSearchParams(query);
        wanted.set('sortBy', by);
        wanted.set('limit', String(TOP));
        return (await listSessions(wanted, signal)).data;
      }),
    );
    this.tops = Object.fromEntries(TOPS.map((by, index) => [by, found[index]]));
  }
}
