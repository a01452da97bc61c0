import { describe, expect, test } from 'vitest';
import type { OutlinePage } from '../types';
import { countsAfar, hazeIn, lanesAfar } from './afar';
import { mark, randomMarks } from './making';
import { Pages, type Run } from './pages';
import { Recording } from './recording';

const SIZE = 10;

/** `count` pages of ten events each, a second long. */
function pages(count: number): OutlinePage[] {
  return Array.from({ length: count }, (_, number) => ({
    after: number * SIZE,
    start: number * 1000,
    end: number * 1000 + 900,
    events: SIZE,
    moments: 8,
    errors: number % 4 === 3 ? 1 : 0,
    calls: 4,
    cost: 0.5,
    inputTokens: 100,
    outputTokens: 10,
  }));
}

const numbers = (run: Run | null): [number, number] | null => run && [run.first, run.last];

describe('the pages of a session', () => {
  test('are wanted where somebody looks, with the one before, then beside it, then outwards', () => {
    const all = new Pages(pages(20));
    all.takeFirst(10);
    const wanted: ([number, number] | null)[] = [];
    for (let run = all.next(9_500); run; run = all.next(9_500)) {
      wanted.push(numbers(run));
      all.take(run);
    }
    expect(wanted).toEqual([[8, 9], [10, 10], [11, 15], [3, 7], [16, 19], [1, 2]]);
    expect(all.complete).toBe(true);
    expect(all.holes()).toEqual([]);
  });

  test('follow whoever looks elsewhere', () => {
    const all = new Pages(pages(20));
    all.takeFirst(10);
    all.take(all.next(9_500) as Run);
    expect(all.next(9_500)?.near).toBe(true);
    expect(numbers(all.next(18_100))).toEqual([17, 18]);
  });

  test('far away are left where they are when there are very many', () => {
    const all = new Pages(pages(20), 3 * SIZE);
    for (let run = all.next(0); run; run = all.next(0)) all.take(run);
    expect(all.holes().map((hole) => [hole.start, hole.end])).toEqual([[7_000, 19_900]]);
    expect(numbers(all.next(15_000))).toEqual([14, 15]);
  });

  test('that the first answer does not fill are asked for whole', () => {
    const all = new Pages(pages(3));
    all.takeFirst(7);
    expect(numbers(all.next(0))).toEqual([0, 0]);
  });

  test('tell behind which event the marks after a hole are', () => {
    const all = new Pages(pages(4));
    all.take({ first: 0, last: 0 });
    all.take({ first: 2, last: 2 });
    expect(all.holes().map(({ start, end, after }) => ({ start, end, after }))).toEqual([
      { start: 1_000, end: 1_900, after: 20 },
      { start: 3_000, end: 3_900, after: null },
    ]);
  });
});

describe('a recording with holes', () => {
  const all = new Pages(pages(4));
  all.take({ first: 0, last: 0 });
  all.take({ first: 2, last: 2 });
  const recording = Recording.of([mark(1, 500), mark(21, 2_500)], 3_900, all.holes());

  test('counts what is not here, and adds it up', () => {
    expect([recording.count, recording.errorCount]).toEqual([18, 1]);
    expect(recording.totalsAt(Infinity)).toEqual({ calls: 8, cost: 1, inputTokens: 200, outputTokens: 20, unpriced: 0 });
    expect(recording.totalsAt(1_950).calls).toBe(4);
    expect(recording.numberOf(recording.byId('e21') as never)).toBe(10);
    expect(recording.countIn(900, 2_600)).toEqual({ events: 9, errors: 0 });
  });

  test('knows where it is whole, and what lies between two moments', () => {
    expect(recording.holeAt(1_500)?.end).toBe(1_900);
    expect(recording.holeAt(2_500)).toBeUndefined();
    expect([recording.knownFrom(2_500), recording.knownFrom(500)]).toEqual([1_900, 0]);
    expect(recording.holeBetween(500, 2_500)?.start).toBe(1_000);
    expect(recording.holeBetween(2_500, 0)?.start).toBe(1_000);
    expect(recording.holeBetween(500, 3_900, 'errors')?.start).toBe(3_000);
  });

  test('calls nothing idle that is not here', () => {
    const wide = Recording.of([mark(1, 0), mark(2, 60_000)], 60_000, [{ start: 10_000, end: 50_000, pages: [], after: 7 }]);
    expect(wide.idle.map(({ start, end }) => [start, end])).toEqual([[0, 10_000], [50_000, 60_000]]);
    expect(wide.holeBefore(wide.byId('e2') as never, wide.byId('e1'))?.after).toBe(7);
  });

  test('is the whole one once everything has come, in whatever order (property)', () => {
    const marks = randomMarks(300, 11);
    const whole = Recording.of(marks);
    const hole = { start: 200_000, end: 400_000, pages: [], after: null };
    const later = marks.filter((one) => one.end >= hole.start && one.end <= hole.end);
    const holed = Recording.of(marks.filter((one) => !later.includes(one)), 0, [hole]);
    const filled = holed.with(later, 0, []);
    expect(filled.moments).toEqual(whole.moments);
    expect(filled.idle).toEqual(whole.idle);
  });
});

describe('a session from afar', () => {
  const outline = {
    cell: 100,
    lanes: [
      { key: 'interaction' as const, counts: [2, 2, 0, 4] },
      { key: 'feedback' as const, counts: [0, 1, 0, 0] },
      { key: 'user_action' as const, counts: [1, 0, 0, 0] },
      { key: 'system_metrics' as const, counts: [9, 9, 9, 9] },
    ],
    errors: [0, 0, 0, 1],
    pages: [],
    event: null,
  };

  test('has the lanes that its marks will have', () => {
    expect(lanesAfar(outline)).toEqual(['calls', 'user', 'errors']);
    expect(lanesAfar(null)).toEqual([]);
    expect(countsAfar(outline, 'user')).toEqual([1, 1, 0, 0]);
  });

  test('is hazy where its marks are not here, and nowhere else', () => {
    const window = { from: 0, to: 400, width: 40 };
    const hole = { start: 0, end: 350, pages: [], after: null };
    expect(hazeIn(countsAfar(outline, 'calls'), 100, [hole], window)).toEqual([
      { x0: 0, x1: 20, share: 0.5 },
      { x0: 30, x1: 35, share: 1 },
    ]);
    expect(hazeIn(countsAfar(outline, 'calls'), 100, [], window)).toEqual([]);
  });
});
