/** The sessions that match a query, loaded page by page where somebody looks. Owns no markup and no address. */
import { ApiError, isAbort, listSessions } from './api';
import { pagesOf, type Span } from './paging';
import type { ListAnswer, SessionItem } from './types';

const PAGE_SIZE = 100;
/** Pages kept in memory; the ones that were looked at longest ago go first. */
const KEPT = 40;

interface LoadedPage {
  sessions: SessionItem[];
  nextCursor: string | null;
}

export class SessionList {
  total = $state(0);
  totalIsEstimate = $state(false);
  /** False until the first answer to the current query. */
  ready = $state(false);
  failure = $state<ApiError | null>(null);
  #pages = $state.raw<ReadonlyMap<number, LoadedPage>>(new Map());
  #query = new URLSearchParams();
  #asked = new Map<number, AbortController>();

  /** Ask for another query; rows of the old one go once the new ones are there. */
  open(query: URLSearchParams): void {
    this.#giveUp();
    this.#query = new URLSearchParams(query);
    this.ready = false;
    this.failure = null;
    void this.#load(1, true);
  }

  /** The session at a place of the list, or undefined while its page is on its way. */
  at(place: number): SessionItem | undefined {
    return this.#pages.get(Math.floor(place / PAGE_SIZE) + 1)?.sessions[place % PAGE_SIZE];
  }

  /** Load what is missing of these rows, and give up what is no longer wanted. */
  want(span: Span): void {
    if (!this.ready) return;
    const wanted = pagesOf(span, PAGE_SIZE);
    for (const [page, asked] of this.#asked) if (!wanted.includes(page)) asked.abort();
    for (const page of wanted) if (!this.#pages.has(page) && !this.#asked.has(page)) void this.#load(page);
  }

  /** Load the first page again, for new and growing sessions, and after a failure; a failure leaves what is shown. */
  async refresh(): Promise<void> {
    if (this.#asked.has(1) || !(this.ready || this.#mayRecover())) return;
    await this.#load(1, true);
  }

  /** Forget everything loaded and load anew, after sessions were deleted. */
  reload(): void {
    this.open(this.#query);
  }

  /** Every loaded session, in order. */
  loaded(): SessionItem[] {
    return [...this.#pages.keys()].sort((a, b) => a - b).flatMap((page) => this.#pages.get(page)?.sessions ?? []);
  }

  /** Stop whatever is under way. */
  close(): void {
    this.#giveUp();
  }

  async #load(page: number, alone = false): Promise<void> {
    const asked = new AbortController();
    this.#asked.set(page, asked);
    try {
      this.#take(page, await listSessions(this.#queryOf(page), asked.signal), alone);
    } catch (reason) {
      if (!isAbort(reason)) this.#fail(reason);
    } finally {
      if (this.#asked.get(page) === asked) this.#asked.delete(page);
    }
  }

  #take(page: number, answer: ListAnswer, alone: boolean): void {
    const unchanged = alone && this.ready && answer.pagination.total === this.total;
    const pages = new Map(alone && !unchanged ? [] : this.#pages);
    pages.delete(page);
    pages.set(page, { sessions: answer.data, nextCursor: answer.pagination.nextCursor });
    for (const old of pages.keys()) if (pages.size > KEPT) pages.delete(old);
    this.#pages = pages;
    this.total = answer.pagination.total;
    this.totalIsEstimate = answer.pagination.totalIsEstimate;
    this.ready = true;
    this.failure = null;
  }

  /** What the server refuses as wrong it refuses again. */
  #mayRecover(): boolean {
    return this.failure !== null && (this.failure.status === 0 || this.failure.status >= 500);
  }

  #fail(reason: unknown): void {
    if (!(reason instanceof ApiError)) throw reason;
    this.failure = reason;
  }

  /** A page follows the one before it by its cursor, so that new sessions shift nothing; a jump goes by number. */
  #queryOf(page: number): URLSearchParams {
    const query = new URLSearchParams(this.#query);
    query.set('limit', String(PAGE_SIZE));
    const cursor = this.#pages.get(page - 1)?.nextCursor;
    if (page > 1 && cursor) query.set('cursor', cursor);
    else query.set('page', String(page));
    return query;
  }

  #giveUp(): void {
    for (const asked of this.#asked.values()) asked.abort();
    this.#asked.clear();
  }
}
