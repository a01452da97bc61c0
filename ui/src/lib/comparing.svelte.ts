/** Two sessions beside each other, a page of turns after the other. Owns loading and where one stands; no markup, no address. */
import { ApiError, compareSessions, hasSession, isAbort } from './api';
import { nextDifference } from './turns';
import type { Comparison, Turn } from './types';

export type ComparingState = 'loading' | 'ready' | 'missing' | 'failed';
export type Missing = 'a' | 'b' | 'both';

export class Comparing {
  state = $state<ComparingState>('loading');
  /** The numbers of both, of the first page. */
  whole = $state.raw<Comparison | null>(null);
  turns = $state.raw<readonly Turn[]>([]);
  next = $state<number | null>(null);
  missing = $state<Missing | null>(null);
  failure = $state<string | null>(null);
  /** The turn that was gone to last; -1 before the first. */
  current = $state(-1);
  busy = $state(false);
  #leaving = new AbortController();

  constructor(
    readonly a: string,
    readonly b: string,
  ) {}

  /** Load the first page. */
  async open(): Promise<void> {
    this.state = 'loading';
    try {
      const first = await compareSessions(this.a, this.b, 0, this.#leaving.signal);
      this.whole = first;
      this.turns = first.turns;
      this.next = first.next;
      this.state = 'ready';
    } catch (reason) {
      await this.#refused(reason);
    }
  }

  close(): void {
    this.#leaving.abort();
  }

  /** Load the page behind the last; says whether there was one. */
  async more(): Promise<boolean> {
    if (this.next === null || this.busy) return false;
    this.busy = true;
    this.failure = null;
    try {
      const page = await compareSessions(this.a, this.b, this.next, this.#leaving.signal);
      this.turns = [...this.turns, ...page.turns];
      this.next = page.next;
      return true;
    } catch (reason) {
      if (!isAbort(reason)) this.#note(reason);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** Go to the next difference in a direction, loading as far as it is; says whether there is one. */
  async step(direction: 1 | -1): Promise<boolean> {
    for (;;) {
      const found = nextDifference(this.turns, this.current, direction);
      if (found >= 0) {
        this.current = found;
        return true;
      }
      if (direction < 0 || !(await this.more())) return false;
    }
  }

  /** Go to a turn, loading as far as it is. */
  async goTo(turn: number): Promise<void> {
    while (this.turns.length <= turn && (await this.more()));
    if (turn < this.turns.length) this.current = turn;
  }

  async #refused(reason: unknown): Promise<void> {
    if (isAbort(reason)) return;
    this.#note(reason);
    this.state = 'failed';
    if (!(reason instanceof ApiError) || reason.status !== 404) return;
    try {
      const there = await Promise.all([this.a, this.b].map((id) => hasSession(id, this.#leaving.signal)));
      this.missing = there[0] ? 'b' : there[1] ? 'a' : 'both';
      this.state = 'missing';
    } catch (second) {
      if (!isAbort(second)) this.#note(second);
    }
  }

  #note(reason: unknown): void {
    if (!(reason instanceof ApiError)) throw reason;
    this.failure = reason.message;
  }
}
