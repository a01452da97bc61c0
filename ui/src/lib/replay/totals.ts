/** Running totals of model calls, so that any moment's sum is one binary search. Money is added in whole nano-dollars. */

import type { Mark } from '../types';
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

/** `sums[i]` holds the first `i` completed calls; `ends` when each of them completed. */
export interface RunningTotals {
  ends: Float64Array;
  cost: Float64Array;
  input: Float64Array;
  output: Float64Array;
  unpriced: Uint32Array;
}

const NANOS = 1e9;

/** Add up the calls that are over among `moments`, which are in order of completion. */
export function sumCalls(moments: readonly Mark[]): RunningTotals {
  const calls = moments.filter((mark) => mark.type === 'interaction' && !mark.pending);
  const sums: RunningTotals = {
    ends: Float64Array.from(calls, (call) => call.end),
    cost: new Float64Array(calls.length + 1),
    input: new Float64Array(calls.length + 1),
    output: new Float64Array(calls.length + 1),
    unpriced: new Uint32Array(calls.length + 1),
  };
  calls.forEach((call, i) => {
    sums.cost[i + 1] = (sums.cost[i] as number) + Math.round((call.cost ?? 0) * NANOS);
    sums.input[i + 1] = (sums.input[i] as number) + (call.inputTokens ?? 0);
    sums.output[i + 1] = (sums.output[i] as number) + (call.outputTokens ?? 0);
    sums.unpriced[i + 1] = (sums.unpriced[i] as number) + (isUnpriced(call) ? 1 : 0);
  });
  return sums;
}

/** What the calls that have completed by `t` came to. O(log n). */
export function totalsAt(sums: RunningTotals, t: number): Totals {
  return totalsOf(sums, countUpTo(sums.ends, t));
}

/** What the calls that completed before `t`, and not at it, came to. O(log n). */
export function totalsBefore(sums: RunningTotals, t: number): Totals {
  return totalsOf(sums, countBelow(sums.ends, t));
}

function totalsOf(sums: RunningTotals, calls: number): Totals {
  return {
    calls,
    cost: (sums.cost[calls] as number) / NANOS,
    inputTokens: sums.input[calls] as number,
    outputTokens: sums.output[calls] as number,
    unpriced: sums.unpriced[calls] as number,
  };
}

function isUnpriced(call: Mark): boolean {
  return call.cost == null || call.costSource === 'unknown';
}
