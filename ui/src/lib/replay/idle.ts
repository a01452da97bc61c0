/**
 * Idle time, by the same rule as the server's `playhead.replay.idle`, so that spans also exist for marks that arrive
 * later: more pages, or a session that is still being recorded. Pure.
 */

import { countUpTo } from './search';

export const HUMAN_IDLE_MS = 5_000;
export const MODEL_WAIT_MS = 5_000;

export type IdleKind = 'human' | 'model';

/** An interval in which something happened, in ms from the start; `firstToken` is a moment, not a length. */
export interface Busy {
  start: number;
  end: number;
  firstToken?: number | null;
}

export interface Idle {
  start: number;
  end: number;
  kind: IdleKind;
}

/** Idle stretches in order: `human` where nothing happened, `model` where a first token was waited for. O(n log n). */
export function idleSpans(busy: Iterable<Busy>, duration: number): Idle[] {
  const ordered = [...busy].sort((a, b) => a.start - b.start || a.end - b.end);
  return [...gaps(ordered, duration), ...waits(ordered)].sort((a, b) => a.start - b.start);
}

function gaps(ordered: Busy[], duration: number): Idle[] {
  const found: Idle[] = [];
  let covered = 0;
  for (const one of [...ordered, { start: duration, end: duration }]) {
    if (one.start - covered >= HUMAN_IDLE_MS) found.push({ start: covered, end: one.start, kind: 'human' });
    covered = Math.max(covered, one.end);
  }
  return found;
}

function waits(ordered: Busy[]): Idle[] {
  const edges = edgesOf(ordered);
  const found: Idle[] = [];
  for (const { start, firstToken } of ordered) {
    if (firstToken == null) continue;
    const until = Math.min(edges[countUpTo(edges, start)] ?? firstToken, firstToken);
    if (until - start >= MODEL_WAIT_MS) found.push({ start, end: until, kind: 'model' });
  }
  return found;
}

/** Every moment at which something begins, ends or begins to answer, in order. */
function edgesOf(ordered: Busy[]): Float64Array {
  const edges = new Float64Array(ordered.length * 3);
  let count = 0;
  for (const { start, end, firstToken } of ordered) {
    edges[count++] = start;
    edges[count++] = end;
    if (firstToken != null) edges[count++] = firstToken;
  }
  return edges.subarray(0, count).sort();
}
