import { expect, it } from 'vitest';
import { activityOf } from './activity';

const session = (calls: number, spans: number, events: number, errorCount = 0) => ({
  errorCount,
  summary: {
    totalCost: 0,
    totalTokens: { input: 0, output: 0 },
    totalSpans: spans,
    totalInteractions: calls,
    totalEvents: events,
    unpricedInteractions: 0,
    models: [],
    droppedEvents: 0,
    pendingInteractions: 0,
  },
});

it('grows with the events and never over the whole length', () => {
  const lengths = [0, 1, 10, 100, 1000, 10_000, 1_000_000].map((n) => activityOf(session(n, n, n)).length);
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
  expect(lengths[0]).toBe(0);
  expect(lengths.at(-1)).toBe(1);
});

it('parts the events by kind, and none is negative', () => {
  expect(activityOf(session(3, 5, 12)).parts).toEqual([
    { kind: 'interaction', events: 3 },
    { kind: 'step', events: 2 },
    { kind: 'other', events: 7 },
  ]);
  expect(activityOf(session(3, 0, 0)).parts).toEqual([{ kind: 'interaction', events: 3 }]);
});

it('says it in words', () => {
  expect(activityOf(session(1, 3, 3, 1)).says).toBe('1 call, 2 steps, 1 error');
});
