/** What happened in a session, as a small bar: calls, steps, the rest, and how much of it failed. Pure. */
import type { SessionItem } from './types';
import { plural } from './format';

export interface Part {
  kind: 'interaction' | 'step' | 'other';
  events: number;
}

export interface Activity {
  /** Length of the whole bar, 0 to 1, by the logarithm of the number of events. */
  length: number;
  parts: Part[];
  /** Share of the bar that failed, 0 to 1. */
  failed: number;
  says: string;
}

const FULL = 4;

/** Return the bar of a session; one event is a short bar, ten thousand fill it. */
export function activityOf({ summary, errorCount }: Pick<SessionItem, 'summary' | 'errorCount'>): Activity {
  const calls = summary.totalInteractions;
  const steps = Math.max(0, summary.totalSpans - calls);
  const other = Math.max(0, summary.totalEvents - summary.totalSpans);
  const parts = (
    [
      { kind: 'interaction', events: calls },
      { kind: 'step', events: steps },
      { kind: 'other', events: other },
    ] satisfies Part[]
  ).filter((part) => part.events > 0);
  const events = calls + steps + other;
  return {
    length: events === 0 ? 0 : Math.min(1, 0.1 + (0.9 * Math.log10(events)) / FULL),
    parts,
    failed: events === 0 ? 0 : Math.min(1, errorCount / events),
    says: saysOf(calls, steps, other, errorCount),
  };
}

function saysOf(calls: number, steps: number, other: number, errors: number): string {
  const words = [plural(calls, 'call')];
  if (steps) words.push(plural(steps, 'step'));
  if (other) words.push(plural(other, 'other event'));
  if (errors) words.push(plural(errors, 'error'));
  return words.join(', ');
}
