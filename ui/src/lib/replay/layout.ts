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
interface Heights {
  rows: Record<LaneKey, { one: number; several: number }>;
  curve: number;
}
const POINTS = { one: 12, several: 12 };
const HIGH: Heights = {
  rows: { calls: { one: 14, several: 9 }, steps: { one: 10, several: 6 }, user: POINTS, code: POINTS, errors: POINTS },
  curve: 26,
};
/** Where there is little room. */
const LOW: Heights = {
  rows: { calls: { one: 12, several: 6 }, steps: { one: 8, several: 4 }, user: POINTS, code: POINTS, errors: POINTS },
  curve: 16,
};
const TICKS = { found: 8, notes: 12 };
/** What is left of the lanes when they are folded. */
const KEPT: readonly LaneKey[] = ['calls', 'errors'];

/** The lanes that stay when the timeline is folded; of a session without calls and errors, the first. */
export function keptOf(lanes: readonly Lane[]): Lane[] {
  const kept = lanes.filter((lane) => KEPT.includes(lane.key));
  return kept.length ? kept : lanes.slice(0, 1);
}

/** Strips from top to bottom, `low` ones where there is little room; curves only when there is something to draw. */
export function stripsOf(lanes: readonly Lane[], shown: Shown, low = false): Strip[] {
  const { rows, curve } = low ? LOW : HIGH;
  const strips: Strip[] = [];
  let top = RULER + GAP;
  const add = (key: StripKey, height: number, row: number, lane: Lane | null): void => {
    strips.push({ key, label: LABELS[key], top, height, row, lane });
    top += height + GAP;
  };
  if (shown.found) add('found', TICKS.found, TICKS.found, null);
  if (shown.notes) add('notes', TICKS.notes, TICKS.notes, null);
  for (const lane of lanes) {
    const row = lane.rows > 1 ? rows[lane.key].several : rows[lane.key].one;
    add(lane.key, row * lane.rows, row, lane);
  }
  if (shown.cost) add('cost', curve, curve, null);
  if (shown.machine) add('machine', curve, curve, null);
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
