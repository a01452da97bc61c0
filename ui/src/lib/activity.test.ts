import { expect, it } from 'vitest';
import { pathOf, pictureOf, sharesOf } from './activity';

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
  const lengths = [0, 1, 10, 100, 1000, 10_000, 1_000_000].map((n) => sharesOf(session(n, n, n)).length);
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
  expect(lengths[0]).toBe(0);
  expect(lengths.at(-1)).toBe(1);
});

it('parts the events by kind, and none is negative', () => {
  expect(sharesOf(session(3, 5, 12)).parts).toEqual([
    { kind: 'interaction', events: 3 },
    { kind: 'step', events: 2 },
    { kind: 'other', events: 7 },
  ]);
  expect(sharesOf(session(3, 0, 0)).parts).toEqual([{ kind: 'interaction', events: 3 }]);
});

it('says it in words', () => {
  expect(sharesOf(session(1, 3, 3, 1)).says).toBe('1 call, 2 steps, 1 error');
});

it('draws one rectangle for each stretch in which something was', () => {
  expect(pathOf([0, 1, 2, 0, 1], 0, 5)).toBe('M1 0h2v5h-2zM4 0h1v5h-1z');
  expect(pathOf([0, 0], 0, 5)).toBe('');
  const activity = { sessionId: 's', duration: 1, complete: true, interactions: [1, 1], steps: [0, 1], others: [0, 0], errors: [1, 0] };
  const picture = pictureOf(activity);
  expect(picture.lanes.map((lane) => lane.path)).toEqual(['M0 0h2v5h-2z', 'M1 6h1v3h-1z', '']);
  expect(picture.errors).toBe('M0 0h1v12h-1z');
});
