/** Which sessions are selected, by id; survives paging and sorting. */
import { SvelteMap } from 'svelte/reactivity';
import type { SessionItem } from './types';

export class Selection {
  #chosen = new SvelteMap<string, SessionItem>();
  #last: string | null = null;

  get size(): number {
    return this.#chosen.size;
  }

  /** The selected sessions, in the order of selection. */
  get sessions(): SessionItem[] {
    return [...this.#chosen.values()];
  }

  has(session: SessionItem): boolean {
    return this.#chosen.has(session.sessionId);
  }

  toggle(session: SessionItem): void {
    if (!this.#chosen.delete(session.sessionId)) this.#chosen.set(session.sessionId, session);
    this.#last = session.sessionId;
  }

  /** Select everything between the last one touched and this one. */
  extendTo(session: SessionItem, listed: SessionItem[]): void {
    const to = listed.findIndex((each) => each.sessionId === session.sessionId);
    const from = listed.findIndex((each) => each.sessionId === this.#last);
    const [low, high] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
    for (const each of listed.slice(low, high + 1)) this.#chosen.set(each.sessionId, each);
    this.#last = session.sessionId;
  }

  /** Select all of these, or none when all are. */
  toggleAll(listed: SessionItem[]): void {
    if (listed.every((session) => this.has(session))) this.clear();
    else for (const session of listed) this.#chosen.set(session.sessionId, session);
  }

  remove(sessionId: string): void {
    this.#chosen.delete(sessionId);
  }

  clear(): void {
    this.#chosen.clear();
    this.#last = null;
  }
}
