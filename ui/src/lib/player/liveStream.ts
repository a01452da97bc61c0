/**
 * The live events of a session. A stream that breaks is opened again behind the last event that arrived; `fetch` rather than
 * EventSource, because only so can the first request say from where to begin.
 */

import { StreamReader } from '../replay/sse';
import type { AnyEvent } from '../types';

const SOONEST_MS = 500;
const LATEST_MS = 15_000;

export type LiveState = 'open' | 'broken' | 'over';

export interface Listener {
  events(events: AnyEvent[]): void;
  state(state: LiveState): void;
}

/** Listen from behind `after`, the id of a message of the stream; returns how to stop. */
export function listen(address: string, after: string, listener: Listener): () => void {
  const stopping = new AbortController();
  void keepOpen(address, after, listener, stopping.signal);
  return () => stopping.abort();
}

async function keepOpen(address: string, after: string, listener: Listener, signal: AbortSignal): Promise<void> {
  let last = after;
  for (let wait = SOONEST_MS; !signal.aborted; wait = Math.min(wait * 2, LATEST_MS)) {
    const began = Date.now();
    const outcome = await once(address, last, signal, {
      state: (state) => listener.state(state),
      events: (events) => listener.events(events),
      reached: (id) => (last = id),
    });
    if (signal.aborted) return;
    listener.state(outcome);
    if (outcome === 'over') return;
    if (Date.now() - began > LATEST_MS) wait = SOONEST_MS;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

interface Reader extends Listener {
  /** How far the stream is, in its own words. */
  reached(id: string): void;
}

async function once(address: string, after: string, signal: AbortSignal, listener: Reader): Promise<LiveState> {
  try {
    const headers = { Accept: 'text/event-stream', 'Last-Event-ID': after };
    const response = await fetch(address, { headers, signal, credentials: 'same-origin', cache: 'no-store' });
    if (response.status >= 400 && response.status < 500 && response.status !== 429) return 'over';
    if (!response.ok || !response.body) return 'broken';
    listener.state('open');
    return await read(response.body, listener);
  } catch {
    // The network is away, or the page is leaving: either way the caller decides what is next.
    return 'broken';
  }
}

async function read(body: ReadableStream<Uint8Array>, listener: Reader): Promise<LiveState> {
  const reader = new StreamReader();
  const decoder = new TextDecoder();
  const pieces = body.getReader();
  for (;;) {
    const { done, value } = await pieces.read();
    if (done) return 'broken';
    const messages = reader.feed(decoder.decode(value, { stream: true }));
    const events = messages.filter((message) => message.event !== 'end' && message.data);
    if (events.length) listener.events(events.map((message) => JSON.parse(message.data) as AnyEvent));
    const id = events.at(-1)?.id;
    if (id) listener.reached(id);
    if (messages.some((message) => message.event === 'end')) return 'over';
  }
}
