/** The groups of a statistic beyond its greatest: by name, as far as the server counts them. Owns loading; no markup. */
import { ApiError, getFacets, getStats } from './api';
import { BREAKDOWN_FACETS, unnamed } from './series';
import type { SeriesRow, StatsData } from './types';

export type GroupFilter = keyof typeof BREAKDOWN_FACETS;

export class Further {
  /** The rows that were asked for so far. */
  rows = $state.raw<readonly SeriesRow[]>([]);
  /** No further group is known by name. */
  over = $state(false);
  busy = $state(false);
  failure = $state<string | null>(null);

  constructor(
    private readonly stats: StatsData,
    private readonly name: GroupFilter,
    private readonly query: URLSearchParams,
  ) {
    // A second value of the same filter would take the place of the first.
    this.over = query.has(name);
  }

  /** Load the groups that come next; a failure is said, and may be tried again. */
  async load(): Promise<void> {
    this.busy = true;
    this.failure = null;
    try {
      const facet = BREAKDOWN_FACETS[this.name];
      const next = unnamed((await getFacets(this.query))[facet], this.stats.series);
      this.rows = (await Promise.all(next.map((key) => this.rowOf(key, facet)))).flatMap((row) => row ?? []);
      this.over = true;
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      this.failure = reason.message;
    } finally {
      this.busy = false;
    }
  }

  /** A group's own row: that of the statistics of its sessions alone. */
  private async rowOf(key: string, facet: (typeof BREAKDOWN_FACETS)[GroupFilter]): Promise<SeriesRow | undefined> {
    const query = new URLSearchParams(this.query);
    query.set(this.name, key);
    return (await getStats(query, facet)).series.find((row) => row.key === key);
  }
}
