/** Running totals of model calls, so that any moment's sum is one binary search. Money is added in whole nano-dollars. */

import type { Mark } from '../types';
import type { PageSum } from './pages';
import { countBelow, countUpTo } from './search';

export interface Totals {
  calls: number;
  /** US dollars. */
  cost: number;
  inputTokens: number;
  outputTokens: number;
  /** Calls whose price is not known: they count 0 in `cost`. */
  unpriced: number;
}

/** `sums[i]` holds the first `i` entries, each a completed call or a page that is not here; `ends` when each of them was over. */
export interface RunningTotals {
  ends: Float64Array;
  calls: Float64Array;
  cost: Float64Array;
  input: Float64Array;
  output: Float64Array;
  unpriced: Uint32Array;
}

const NANOS = 1e9;

interface Entry {
  end: number;
  calls: number;
  cost: number;
  inputTokens: number;
  outputTokens: number;
  unpriced: number;
}

/** Add up the calls that are over among `moments`, which are in order of completion, and pages that are not here. */
export function sumCalls(moments: readonly Mark[], pages: readonly PageSum[] = []): RunningTotals {
  const entries = moments.filter((mark) => mark.type === 'interaction' && !mark.pending).map(entryOf);
  if (pages.length) {
    for (const page of pages) entries.push({ ...page, unpriced: 0 });
    entries.sort((a, b) => a.end - b.end);
  }
  const sums: RunningTotals = {
    ends: Float64Array.from(entries, (entry) => entry.end),
    calls: new Float64Array(entries.length + 1),
    cost: new Float64Array(entries.length + 1),
    input: new Float64Array(entries.length + 1),
    output: new Float64Array(entries.length + 1),
    unpriced: new Uint32Array(entries.length + 1),
  };
  entries.forEach((entry, i) => {
    sums.calls[i + 1] = (sums.calls[i] as number) + entry.calls;
    sums.cost[i + 1] = (sums.cost[i] as number) + Math.round(entry.cost * NANOS);
    sums.input[i + 1] = (sums.input[i] as number) + entry.inputTokens;
    sums.output[i + 1] = (sums.output[i] as number) + entry.outputTokens;
    sums.unpriced[i + 1] = (sums.unpriced[i] as number) + entry.unpriced;
  });
  return sums;
}

function entryOf(call: Mark): Entry {
  return {
    end: call.end,
    calls: 1,
    cost: call.cost ?? 0,
    inputTokens: call.inputTokens ?? 0,
    outputTokens: call.outputTokens ?? 0,
    unpriced: isUnpriced(call) ? 1 : 0,
  };
}

/** What the calls that have completed by `t` came to. O(log n). */
export function totalsAt(sums: RunningTotals, t: number): Totals {
  return totalsOf(sums, countUpTo(sums.ends, t));
}

/** What the calls that completed before `t`, and not at it, came to. O(log n). */
export function totalsBefore(sums: RunningTotals, t: number): Totals {
  return totalsOf(sums, countBelow(sums.ends, t));
}

function totalsOf(sums: RunningTotals, entries: number): Totals {
  return {
    calls: sums.calls[entries] as number,
    cost: (sums.cost[entries] as number) / NANOS,
    inputTokens: sums.input[entries] as number,
    outputTokens: sums.output[entries] as number,
    unpriced: sums.unpriced[entries] as number,
  };
}

function isUnpriced(call: Mark): boolean {
  return call.cost == null || call.costSource === 'unknown';
}
