import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AnyEvent, Mark } from '../types';
import { phaseAt, progressAt, rowsAt } from './conversation';
import { randomMarks, seeded } from './making';
import { markOf } from './marking';
import { Recording } from './recording';
import type { Totals } from './totals';

interface Standing {
  t: number;
  begun: string[];
  progress: Record<string, number>;
  totals: Totals;
}

interface Vector {
  name: string;
  startedAt: string;
  duration: number;
  events: AnyEvent[];
  marks: Partial<Mark>[];
  idle: object[];
  moments: Standing[];
}

/** The same vectors that the server passes. */
const file = new URL('../../../../conformance/replay.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] };

function standingAt(recording: Recording, t: number): Standing {
  const begun = recording.started.slice(0, rowsAt(recording, t));
  const going = begun.filter((mark) => phaseAt(mark, t) !== 'done');
  return {
    t,
    begun: begun.map((mark) => mark.id),
    progress: Object.fromEntries(going.map((mark) => [mark.id, progressAt(mark, t)])),
    totals: recording.totalsAt(t),
  };
}

describe('what the player shows', () => {
  test.each(vectors)('$name', ({ startedAt, duration, events, marks, idle, moments }) => {
    const made = events.map((event) => markOf(event, Date.parse(startedAt)));
    made.forEach((mark, i) => expect({ error: false, ...mark }).toMatchObject(marks[i] ?? {}));
    expect(made).toHaveLength(marks.length);
    const recording = Recording.of(made, duration);
    expect(recording.idle).toEqual(idle);
    for (const moment of moments) expect(standingAt(recording, moment.t)).toEqual(moment);
  });

  test('is what one finds by looking at every event, at any moment of any session', () => {
    const marks = randomMarks(2_000, 91);
    const recording = Recording.of(marks);
    const random = seeded(92);
    for (let i = 0; i < 200; i++) {
      const t = random() * recording.duration;
      const { begun, totals } = standingAt(recording, t);
      const naive = marks.filter((mark) => mark.type !== 'system_metrics' && mark.at <= t);
      expect(new Set(begun)).toEqual(new Set(naive.map((mark) => mark.id)));
      const over = naive.filter((mark) => mark.type === 'interaction' && mark.end <= t);
      expect(totals.calls).toBe(over.length);
      expect(totals.inputTokens).toBe(over.reduce((sum, mark) => sum + (mark.inputTokens ?? 0), 0));
    }
  });
});
