/**
 * Idle time, by the same rule as the server's `playhead.replay.idle`, so that spans also exist for marks that arrive
 * later: more pages, or a session that is still being recorded. Pure.
 */

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
  const following = nextEdges(ordered);
  const found: Idle[] = [];
  for (const one of ordered) {
    if (one.firstToken == null) continue;
    const until = Math.min(following.get(one.start) ?? one.firstToken, one.firstToken);
    if (until - one.start >= MODEL_WAIT_MS) found.push({ start: one.start, end: until, kind: 'model' });
  }
  return found;
}

function nextEdges(ordered: Busy[]): Map<number, number> {
  const edges = new Float64Array(
    ordered.flatMap((one) => (one.firstToken == null ? [one.start, one.end] : [one.start, one.firstToken, one.end])),
  ).sort();
  const following = new Map<number, number>();
  let previous: number | undefined;
  for (const edge of edges) {
    if (edge === previous) continue;
    if (previous !== undefined) following.set(previous, edge);
    previous = edge;
  }
  return following;
}
