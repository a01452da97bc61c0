import { describe, expect, test } from 'vitest';
import { Axis, BEAT_MS, SKIPPED_MS } from './axis';
import { randomMarks } from './making';
import { Recording } from './recording';

const recording = Recording.of(randomMarks(300, 11));
const axes = {
  'true time': Axis.trueTime(recording.duration),
  'idle skipped': Axis.skipping(recording.duration, recording.idle),
  stepped: Axis.stepped(recording.duration, recording.endTimes),
};

describe.each(Object.entries(axes))('the axis of %s', (_, axis) => {
  test('never falls, and leads back to the moment that it came from', () => {
    let before = -1;
    for (let t = 0; t <= recording.duration; t += 997) {
      const playing = axis.toPlay(t);
      expect(playing).toBeGreaterThan(before);
      expect(axis.toSession(playing)).toBeCloseTo(t, 3);
      before = playing;
    }
  });

  test('begins at the beginning and ends at the end', () => {
    expect(axis.toPlay(0)).toBe(0);
    expect(axis.toSession(axis.length)).toBe(recording.duration);
    expect(axis.toSession(axis.length + 5000)).toBe(recording.duration);
    expect(axis.toSession(-5)).toBe(0);
  });
});

describe('skipping', () => {
  test('makes each idle stretch as long as a blink and leaves the rest alone', () => {
    const axis = Axis.skipping(100_000, [
      { start: 10_000, end: 50_000 },
      { start: 60_000, end: 60_100 },
    ]);
    expect(axis.length).toBe(100_000 - 40_000 + SKIPPED_MS);
    expect(axis.toPlay(10_000)).toBe(10_000);
    expect(axis.toPlay(50_000)).toBe(10_000 + SKIPPED_MS);
    expect(axis.toPlay(70_000)).toBe(10_000 + SKIPPED_MS + 20_000);
  });

  test('survives stretches that overlap or reach beyond the end', () => {
    const axis = Axis.skipping(20_000, [
      { start: 0, end: 15_000 },
      { start: 5_000, end: 99_000 },
    ]);
    expect(axis.length).toBe(2 * SKIPPED_MS);
    expect(axis.toSession(axis.length)).toBe(20_000);
  });
});

describe('stepping', () => {
  test('gives each distinct moment one beat, however far apart', () => {
    const axis = Axis.stepped(1_000_000, [100, 100, 5_000, 1_000_000]);
    expect(axis.length).toBe(3 * BEAT_MS);
    expect(axis.toSession(2 * BEAT_MS)).toBe(5_000);
  });
});

test('a session without length has an axis all the same', () => {
  for (const axis of [Axis.trueTime(0), Axis.skipping(0, []), Axis.stepped(0, [])]) {
    expect(axis.toSession(10)).toBe(0);
    expect(axis.toPlay(0)).toBe(0);
  }
});
