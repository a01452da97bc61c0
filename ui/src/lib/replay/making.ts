/** Marks for the engine's tests: short to write, reproducible at random. */

import type { Mark } from '../types';

/** A mark at `at`, lasting until `end`; the id follows from the number. */
export function mark(seq: number, at: number, end = at, more: Partial<Mark> = {}): Mark {
  return { seq, id: `e${seq}`, type: end > at ? 'interaction' : 'user_action', at, end, ...more };
}

/** A generator of numbers from 0 to 1 that a seed determines (mulberry32, public domain). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** `count` marks of every kind over `duration` ms, in order of arrival, which is not the order of time. */
export function randomMarks(count: number, seed: number, duration = 600_000): Mark[] {
  const random = seeded(seed);
  return Array.from({ length: count }, (_, i) => {
    const end = Math.floor(random() * duration);
    const kind = random();
    if (kind < 0.4) return call(i + 1, end, random);
    if (kind < 0.6) return mark(i + 1, Math.max(0, end - random() * 9000), end, { type: 'step', name: 'search' });
    if (kind < 0.8) return mark(i + 1, end, end, { type: 'user_action', name: 'click', error: random() < 0.05 });
    return mark(i + 1, end, end, { type: 'system_metrics', cpu: random() * 100 });
  });
}

function call(seq: number, end: number, random: () => number): Mark {
  const latency = Math.floor(random() * 8000);
  return mark(seq, Math.max(0, end - latency), end, {
    type: 'interaction',
    latency,
    firstToken: random() < 0.5 ? latency * random() : undefined,
    cost: Math.round(random() * 1e6) / 1e9,
    costSource: random() < 0.1 ? 'unknown' : 'computed',
    inputTokens: Math.floor(random() * 5000),
    outputTokens: Math.floor(random() * 800),
    error: random() < 0.05,
  });
}
