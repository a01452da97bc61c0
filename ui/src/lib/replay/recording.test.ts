import { describe, expect, test } from 'vitest';
import { mark, randomMarks } from './making';
import { Recording } from './recording';

describe('a recording', () => {
  test('without events has nothing anywhere and does not fail', () => {
    const empty = Recording.empty();
    expect(empty.begunBy(0)).toBe(0);
    expect(empty.at(0)).toBeUndefined();
    expect(empty.after(-1)).toBeUndefined();
    expect(empty.before(1)).toBeUndefined();
    expect(empty.errorAfter(0)).toBeUndefined();
    expect(empty.sampleAt(0)).toBeUndefined();
    expect(empty.totalsAt(5)).toEqual({ calls: 0, cost: 0, inputTokens: 0, outputTokens: 0, unpriced: 0 });
  });

  test.each([1, 2, 3, 4, 5])('agrees with a naive reading at any moment (seed %i)', (seed) => {
    const marks = randomMarks(400, seed);
    const recording = Recording.of(marks);
    const moments = marks.filter((one) => one.type !== 'system_metrics');
    for (let t = -100; t < recording.duration + 100; t += 1777) {
      expect(recording.begunBy(t)).toBe(moments.filter((one) => one.at <= t).length);
      const calls = moments.filter((one) => one.type === 'interaction' && one.end <= t);
      const totals = recording.totalsAt(t);
      expect(totals.calls).toBe(calls.length);
      expect(totals.inputTokens).toBe(calls.reduce((sum, one) => sum + (one.inputTokens ?? 0), 0));
      expect(totals.unpriced).toBe(calls.filter((one) => one.costSource === 'unknown').length);
      const after = moments.filter((one) => one.end > t).sort((a, b) => a.end - b.end || a.seq - b.seq)[0];
      expect(recording.after(t)).toBe(after);
      const error = moments.filter((one) => one.error && one.end > t).sort((a, b) => a.end - b.end || a.seq - b.seq)[0];
      expect(recording.errorAfter(t)).toBe(error);
    }
  });

  test('puts what called before what it called, also when both began and ended at once', () => {
    const step = (seq: number, at: number, end: number) => mark(seq, at, end, { type: 'step' });
    const recording = Recording.of([step(1, 10, 30), step(2, 10, 20), step(3, 10, 30), mark(4, 40, 40, { type: 'user_action' }), mark(5, 40, 40, { type: 'user_action' })]);
    expect(recording.started.map((one) => one.seq)).toEqual([3, 1, 2, 4, 5]);
  });

  test.each([6, 7, 8])('is the same whether it came at once, in pages, or event by event (seed %i)', (seed) => {
    const marks = randomMarks(60, seed);
    const whole = Recording.of(marks);
    const paged = Recording.of(marks.slice(0, 25)).with(marks.slice(25));
    const live = marks.reduce((recording, one) => recording.with([one]), Recording.empty());
    for (const other of [paged, live]) {
      expect(other.moments).toEqual(whole.moments);
      expect(other.started).toEqual(whole.started);
      expect(other.idle).toEqual(whole.idle);
      expect(other.duration).toBe(whole.duration);
    }
  });

  test('takes an event that comes twice only once', () => {
    const twice = Recording.of([mark(1, 0, 10)]).with([mark(1, 0, 10, { preview: 'again' })]);
    expect(twice.size).toBe(1);
    expect(twice.moments[0]?.preview).toBe('again');
  });

  test('counts a call that is not over nowhere, and waits for it until the end', () => {
    const waiting = Recording.of([mark(1, 2_000, 2_000, { type: 'interaction', pending: true }), mark(2, 30_000)]);
    expect(waiting.pending.map((one) => one.seq)).toEqual([1]);
    expect(waiting.totalsAt(Infinity).calls).toBe(0);
    expect(waiting.idle).toEqual([{ start: 2_000, end: 30_000, kind: 'model' }]);
    const over = waiting.with([mark(1, 2_000, 9_000, { cost: 1, costSource: 'reported' })]);
    expect([over.size, over.pending.length, over.totalsAt(Infinity).cost]).toEqual([2, 0, 1]);
  });

  test('goes on while a call is waited for, and is as long as it was when it is over', () => {
    const waiting = Recording.of([mark(1, 10, 10, { type: 'interaction', pending: true })]).with([], 60_000);
    expect(waiting.duration).toBe(60_000);
    expect(waiting.over([mark(1, 10, 400)], 20_000).duration).toBe(20_000);
  });

  test('adds ten thousand small costs to the cent', () => {
    const marks = Array.from({ length: 10_000 }, (_, i) => mark(i + 1, i, i + 1, { cost: 0.0000137, costSource: 'computed' }));
    expect(Recording.of(marks).totalsAt(Infinity).cost).toBe(0.137);
  });

  test('steps from moment to moment in order of completion, over equal times as well', () => {
    const recording = Recording.of([mark(1, 0, 50), mark(2, 10), mark(3, 10), mark(4, 20, 20, { type: 'system_metrics' })]);
    const [first, second, third] = recording.moments;
    expect([first?.seq, second?.seq, third?.seq]).toEqual([2, 3, 1]);
    expect(recording.beside(first!, 1)).toBe(second);
    expect(recording.beside(third!, 1)).toBe(third);
    expect(recording.beside(first!, -1)).toBe(first);
  });

  test('a seek in 100,000 events takes microseconds, not a walk', () => {
    const recording = Recording.of(randomMarks(100_000, 9, 36_000_000));
    const began = performance.now();
    for (let i = 0; i < 10_000; i++) {
      recording.begunBy(i * 3600);
      recording.totalsAt(i * 3600);
      recording.after(i * 3600);
    }
    expect(performance.now() - began).toBeLessThan(500);
  });
});
