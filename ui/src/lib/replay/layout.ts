/** Where the timeline's lanes lie above each other. Pure. */

import type { Lane, LaneKey } from './lanes';

export type StripKey = LaneKey | 'cost' | 'machine' | 'found' | 'notes';

/** What the timeline shows beside its lanes. */
export interface Shown {
  cost: boolean;
  machine: boolean;
  /** Something is looked for. */
  found?: boolean;
  notes?: boolean;
}

/** One strip of the timeline: a lane of bars, or a curve. Heights and places in CSS pixels. */
export interface Strip {
  key: StripKey;
  label: string;
  top: number;
  height: number;
  /** Height of one row of bars. */
  row: number;
  lane: Lane | null;
}

export const RULER = 20;
const GAP = 4;
const LABELS: Record<StripKey, string> = {
  calls: 'calls',
  steps: 'steps',
  user: 'user',
  code: 'code',
  errors: 'errors',
  cost: 'cost',
  machine: 'cpu, mem',
  found: 'found',
  notes: 'notes',
};
const ROW: Record<LaneKey, { one: number; several: number }> = {
  calls: { one: 14, several: 9 },
  steps: { one: 10, several: 6 },
  user: { one: 12, several: 12 },
  code: { one: 12, several: 12 },
  errors: { one: 12, several: 12 },
};
const CURVE = 26;
const TICKS = { found: 8, notes: 12 };

/** Strips from top to bottom; curves only when there is something to draw and, when `low`, not at all. */
export function stripsOf(lanes: readonly Lane[], shown: Shown, low = false): Strip[] {
  const strips: Strip[] = [];
  let top = RULER + GAP;
  const add = (key: StripKey, height: number, row: number, lane: Lane | null): void => {
    strips.push({ key, label: LABELS[key], top, height, row, lane });
    top += height + GAP;
  };
  if (shown.found) add('found', TICKS.found, TICKS.found, null);
  if (shown.notes) add('notes', TICKS.notes, TICKS.notes, null);
  for (const lane of lanes) {
    const row = lane.rows > 1 ? ROW[lane.key].several : ROW[lane.key].one;
    add(lane.key, row * lane.rows, row, lane);
  }
  if (shown.cost && !low) add('cost', CURVE, CURVE, null);
  if (shown.machine && !low) add('machine', CURVE, CURVE, null);
  return strips;
}

/** The height of everything. */
export function heightOf(strips: readonly Strip[]): number {
  const last = strips.at(-1);
  return last ? last.top + last.height + 2 * GAP : RULER + 24;
}

/** The strip at a height, and the row in it. */
export function stripAt(strips: readonly Strip[], y: number): { strip: Strip; row: number } | null {
  const strip = strips.find((one) => y >= one.top - GAP / 2 && y < one.top + one.height + GAP / 2);
  if (!strip) return null;
  const rows = strip.lane?.rows ?? 1;
  return { strip, row: Math.min(rows - 1, Math.max(0, Math.floor((y - strip.top) / strip.row))) };
}
