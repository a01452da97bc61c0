/** The hits of a query, loaded a page at a time. Owns no markup and no address. */
import { ApiError, isAbort, search } from './api';
import { grouped, type HitGroup } from './hits';
import type { SearchHit } from './types';

const PAGE_SIZE = 50;

export class SearchResults {
  total = $state(0);
  totalIsEstimate = $state(false);
  /** Whether there are hits behind those that are loaded. */
  more = $state(false);
  busy = $state(false);
  /** False until the first answer to the current query. */
  ready = $state(false);
  failure = $state<ApiError | null>(null);
  #hits = $state.raw<SearchHit[]>([]);
  #query = new URLSearchParams();
  #page = 0;
  #asked: AbortController | null = null;

  readonly groups: HitGroup[] = $derived(grouped(this.#hits));

  get loaded(): number {
    return this.#hits.length;
  }

  /** Ask for another query; the old hits stay until the first new ones are there. */
  open(query: URLSearchParams): void {
    this.close();
    this.#query = new URLSearchParams(query);
    this.#page = 0;
    this.ready = false;
    void this.next();
  }

  /** Load the following page. */
  async next(): Promise<void> {
    const asked = new AbortController();
    this.#asked = asked;
    this.busy = true;
    this.failure = null;
    try {
      await this.#load(asked.signal);
    } catch (reason) {
      if (isAbort(reason)) return;
      if (!(reason instanceof ApiError)) throw reason;
      this.failure = reason;
    } finally {
      if (this.#asked === asked) this.busy = false;
    }
  }

  /** Stop whatever is under way. */
  close(): void {
    this.#asked?.abort();
    this.#asked = null;
    this.busy = false;
  }

  async #load(signal: AbortSignal): Promise<void> {
    const query = new URLSearchParams(this.#query);
    query.set('page', String(this.#page + 1));
    query.set('limit', String(PAGE_SIZE));
    const answer = await search(query, signal);
    this.#hits = this.#page === 0 ? answer.data : [...this.#hits, ...answer.data];
    this.#page += 1;
    this.total = answer.pagination.total;
    this.totalIsEstimate = answer.pagination.totalIsEstimate;
    this.more = this.totalIsEstimate ? answer.data.length === PAGE_SIZE : this.#hits.length < this.total;
    this.ready = true;
  }
}
