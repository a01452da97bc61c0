import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Busy, type Idle, idleSpans } from './idle';

interface Vector {
  name: string;
  busy: Busy[];
  duration: number;
  idle: Idle[];
}

/** The same vectors that the server passes. */
const file = new URL('../../../../conformance/idle.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] };

describe('idle time', () => {
  test.each(vectors)('$name', ({ busy, duration, idle }) => {
    expect(idleSpans(busy, duration)).toEqual(idle);
  });

  test('is what no event covers, from five seconds on', () => {
    const busy = [
      { start: 1_000, end: 3_000 },
      { start: 2_000, end: 4_000 },
      { start: 9_000, end: 9_000 },
      { start: 13_999, end: 13_999 },
    ];
    expect(idleSpans(busy, 20_000)).toEqual([
      { start: 4_000, end: 9_000, kind: 'human' },
      { start: 13_999, end: 20_000, kind: 'human' },
    ]);
  });

  test('is the wait for a first token that nothing else touches', () => {
    expect(idleSpans([{ start: 0, end: 12_000, firstToken: 8_000 }], 12_000)).toEqual([
      { start: 0, end: 8_000, kind: 'model' },
    ]);
    const touched = [{ start: 0, end: 12_000, firstToken: 8_000 }, { start: 3_000, end: 3_000 }];
    expect(idleSpans(touched, 12_000)).toEqual([]);
  });

  test('is everything when nothing was recorded', () => {
    expect(idleSpans([], 60_000)).toEqual([{ start: 0, end: 60_000, kind: 'human' }]);
    expect(idleSpans([], 0)).toEqual([]);
  });
});
