import { describe, expect, test } from 'vitest';
import { barAt, barsIn, gapsIn, lanesOf, MOST_ROWS, pack } from './lanes';
import { mark, randomMarks } from './making';
import { Recording } from './recording';

const recording = Recording.of(randomMarks(2_000, 41));

describe('lanes', () => {
  test('put bars that overlap on different rows, while there are rows', () => {
    const rows = pack(Float64Array.of(0, 5, 10, 12), Float64Array.of(10, 20, 30, 13));
    expect([...rows]).toEqual([0, 1, 0, 2]);
    expect(Math.max(...pack(new Float64Array(9), new Float64Array(9).fill(5)))).toBe(MOST_ROWS - 1);
  });

  test('of an empty recording are none', () => {
    expect(lanesOf(Recording.empty())).toEqual([]);
  });

  test.each([
    [0, recording.duration],
    [100_000, 130_000],
    [599_000, 600_000],
  ])('show every mark of the window %i to %i, melted or alone', (from, to) => {
    for (const lane of lanesOf(recording)) {
      const bars = barsIn(lane, { from, to, width: 800 });
      const inside = lane.marks.filter((_, i) => (lane.starts[i] as number) <= to && (lane.ends[i] as number) >= from);
      const drawn = bars.reduce((sum, bar) => sum + bar.count, 0);
      expect(drawn).toBeGreaterThanOrEqual(inside.length);
      expect(bars.some((bar) => bar.error)).toBe(inside.some((one) => one.error));
    }
  });

  test('draw 100,000 marks with no more bars than two a pixel', () => {
    const many = lanesOf(Recording.of(randomMarks(100_000, 42, 36_000_000)));
    for (const lane of many) {
      const bars = barsIn(lane, { from: 0, to: 36_000_000, width: 1200 });
      expect(bars.length).toBeLessThanOrEqual(2 * 1201 * lane.rows);
    }
  });

  test('leave the bar of a call that is not over open to the right, whatever one looks at', () => {
    const [calls] = lanesOf(Recording.of([mark(1, 100, 100, { type: 'interaction', pending: true }), mark(2, 900, 1000)]));
    expect(barsIn(calls!, { from: 0, to: 1000, width: 1000 })[0]).toMatchObject({ x0: 100, x1: 1001, row: 0 });
    expect(barsIn(calls!, { from: 500, to: 600, width: 1000 }).map((bar) => bar.mark.seq)).toEqual([1]);
    expect(calls!.rows).toBe(2);
  });

  test('show what was lost as a stretch of its own, wide enough to be seen and inside the window', () => {
    const gap = { type: 'gap', count: 3 } as const;
    const holes = Recording.of([mark(1, 100, 300, gap), mark(2, 1000, 1000, gap), mark(3, 5, 5, { type: 'user_action' })]);
    const bars = gapsIn(holes, { from: 0, to: 1000, width: 500 });
    expect(bars.map((bar) => [bar.x0, bar.x1])).toEqual([[50, 150], [494, 500]]);
    expect(gapsIn(holes, { from: 400, to: 900, width: 500 })).toEqual([]);
    expect(lanesOf(holes).map((lane) => lane.key)).toEqual(['user']);
  });

  test('find the bar under the pointer, and none where there is none', () => {
    const [lane] = lanesOf(Recording.of([mark(1, 0, 100), mark(2, 500, 600)]));
    const bars = barsIn(lane!, { from: 0, to: 1000, width: 1000 });
    expect(barAt(bars, 50, 0)?.mark.seq).toBe(1);
    expect(barAt(bars, 102, 0)?.mark.seq).toBe(1);
    expect(barAt(bars, 300, 0)).toBeNull();
  });
});
