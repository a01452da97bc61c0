/** The activity of the sessions that a list shows, loaded some at a time. It helps and is never needed: a failure leaves it out. */
import { SvelteMap } from 'svelte/reactivity';
import { getActivity } from './api';
import type { Activity, SessionItem } from './types';

/** How long the rows on the screen must stand still before their activity is asked for, ms. */
const STILL_MS = 80;
const AT_ONCE = 60;
const KEPT = 2_000;

interface Known {
  /** How many events it had when it was asked for. */
  events: number;
  activity: Activity | null;
}

export class Activities {
  #known = new SvelteMap<string, Known>();

  /** What is known of a session; undefined while it is on its way, null when there is no more to be had than its totals. */
  of(session: SessionItem): Activity | null | undefined {
    const known = this.#known.get(session.sessionId);
    return known && (known.activity?.complete ? known.activity : null);
  }

  /** Ask for the sessions of which nothing, or not the newest, is known; returns how to give up. */
  want(sessions: readonly SessionItem[]): () => void {
    const missing = sessions.filter((session) => this.#known.get(session.sessionId)?.events !== session.summary.totalEvents);
    const asked = new AbortController();
    const timer = missing.length ? setTimeout(() => void this.#load(missing, asked.signal), STILL_MS) : undefined;
    return () => {
      clearTimeout(timer);
      asked.abort();
    };
  }

  async #load(sessions: readonly SessionItem[], signal: AbortSignal): Promise<void> {
    for (let first = 0; first < sessions.length && !signal.aborted; first += AT_ONCE) {
      const some = sessions.slice(first, first + AT_ONCE);
      const found = await getActivity(some.map((session) => session.sessionId), signal).catch(() => []);
      if (signal.aborted) return;
      this.#keep(some, new Map(found.map((activity) => [activity.sessionId, activity])));
    }
  }

  #keep(sessions: readonly SessionItem[], found: ReadonlyMap<string, Activity>): void {
    for (const { sessionId, summary } of sessions) {
      this.#known.delete(sessionId);
      this.#known.set(sessionId, { events: summary.totalEvents, activity: found.get(sessionId) ?? null });
    }
    for (const old of this.#known.keys()) {
      if (this.#known.size <= KEPT) return;
      this.#known.delete(old);
    }
  }
}
