import { describe, expect, test } from 'vitest';
import { paceOf, saysMore, spent } from './facts';
import { lanesOf } from './lanes';
import { heightOf, stripAt, stripsOf } from './layout';
import { mark } from './making';
import { Recording } from './recording';
import { StepTree } from './steps';
import type { Mark } from '../types';

const step = (seq: number, at: number, end: number, parentId?: string) => mark(seq, at, end, { type: 'step', name: `s${seq}`, parentId });

describe('the tree of steps', () => {
  const recording = Recording.of([step(1, 0, 100), step(2, 10, 40, 'e1'), step(3, 30, 60, 'e1'), step(4, 12, 20, 'e2')]);
  const tree = new StepTree(recording);
  const at = (seq: number) => recording.byId(`e${seq}`)!;

  test('leads from the outermost to a step, and from a step to those inside', () => {
    expect(tree.path(at(4)).map((one) => one.seq)).toEqual([1, 2, 4]);
    expect(tree.children(at(1)).map((one) => one.seq)).toEqual([2, 3]);
    expect(tree.depth(at(4))).toBe(2);
  });

  test('counts as own time what no child covers, overlaps once', () => {
    expect(tree.selfTime(at(1))).toBe(50);
    expect(tree.selfTime(at(4))).toBe(8);
  });

  test('knows what one would have to make quicker: of what ran at once, what ended last', () => {
    const parallel = Recording.of([
      step(1, 0, 100),
      step(2, 0, 40, 'e1'),
      step(3, 0, 60, 'e1'),
      step(4, 60, 95, 'e1'),
      step(5, 62, 80, 'e4'),
      step(6, 70, 90, 'e4'),
      step(7, 90, 130, 'e1'),
    ]);
    const critical = new StepTree(parallel).criticalPath(parallel.byId('e1')!);
    expect([...critical].sort()).toEqual(['e1', 'e3', 'e4', 'e6']);
  });

  test('is shown from top to bottom as far as it is open', () => {
    const shown = (open: (mark: Mark) => boolean, most = 99): string[] => tree.lines(at(1), open, most).map(({ mark, depth }) => `${depth} ${mark.seq}`);
    expect(shown(() => true)).toEqual(['0 1', '1 2', '2 4', '1 3']);
    expect(shown((mark) => mark.seq === 1)).toEqual(['0 1', '1 2', '1 3']);
    expect(shown(() => true, 2)).toEqual(['0 1', '1 2']);
  });

  test('reaches from its first beginning to its last end: what a call asked for begins when it is over', () => {
    const asked = Recording.of([step(1, 10, 20), step(2, 20, 50, 'e1'), step(3, 5, 15, 'e2')]);
    expect(new StepTree(asked).stretch(asked.byId('e1')!)).toEqual({ at: 5, end: 50 });
  });

  test('is not led round in circles, nor to parents that are missing', () => {
    const circle = Recording.of([step(1, 0, 1, 'e2'), step(2, 0, 1, 'e1'), step(3, 0, 1, 'e3'), step(4, 0, 1, 'gone')]);
    const turning = new StepTree(circle);
    for (const one of circle.moments) {
      expect(turning.path(one).length).toBeLessThanOrEqual(2);
      expect(turning.criticalPath(one).size).toBeLessThanOrEqual(2);
      expect(turning.lines(one, () => true, 50).length).toBeLessThanOrEqual(2);
    }
  });
});

test('strips do not overlap, and every height inside one leads to it', () => {
  const lanes = lanesOf(Recording.of([mark(1, 0, 50), mark(2, 10, 60), step(3, 0, 9), mark(4, 5), mark(5, 6, 6, { error: true })]));
  const strips = stripsOf(lanes, { cost: true, machine: true, found: true, notes: true });
  strips.reduce((bottom, strip) => (expect(strip.top).toBeGreaterThanOrEqual(bottom), strip.top + strip.height), 0);
  for (const strip of strips) expect(stripAt(strips, strip.top + strip.height / 2)?.strip).toBe(strip);
  expect(stripAt(strips, heightOf(strips) + 50)).toBeNull();
});

test('a latency is slow beyond the usual slow end, and nothing is said without enough to compare', () => {
  const usual = { model: 'm', count: 20, p50: 100, p95: 300 };
  expect([50, 100, 200, 301].map((ms) => paceOf(ms, usual))).toEqual(['quick', 'quick', 'usual', 'slow']);
  expect(paceOf(undefined, usual)).toBeNull();
  expect(paceOf(50, { ...usual, p95: null })).toBeNull();
});

test('a cost is said as far as prices are known, and never as zero when none is', () => {
  expect(spent(0.5, 0)).toBe('$0.5000');
  expect(spent(0, 0)).toBe('$0.00');
  expect(spent(0.5, 2)).toBe('≥ $0.5000');
  expect(spent(0, 2)).toBe('cost unknown');
});

test('an event says more than its head when a member has something in it', () => {
  const event = { id: 'e', seq: 1, type: 'workspace_state', timestamp: '', receivedAt: '' } as const;
  expect(saysMore({ ...event, settings: {} })).toBe(false);
  expect(saysMore({ ...event, settings: { theme: 'dark' } })).toBe(true);
});
