import { describe, expect, test } from 'vitest';
import { mark, randomMarks } from './making';
import { axisOf, faster, follow, parked, pause, play, type Playback, seek, SPEEDS, tick } from './playback';
import { Recording } from './recording';

const recording = Recording.of(randomMarks(200, 21));
const { duration } = recording;

function run(now: Playback, frames: number, elapsed = 16): Playback {
  const axis = axisOf(recording, now.pace, now.skip);
  for (let i = 0; i < frames; i++) now = tick(now, axis, duration, elapsed);
  return now;
}

describe('the playhead', () => {
  test('stands still until it is told to play', () => {
    expect(run(parked(), 100).t).toBe(0);
  });

  test.each(SPEEDS)('moves %s times as fast as the clock in true time', (speed) => {
    const now = run(play({ ...parked({ speed, skip: 'nothing' }) }, duration), 100);
    expect(now.t).toBeCloseTo(1600 * speed, 3);
  });

  test('plays to the end, stops there, and starts over when played again', () => {
    const ended = run(play(seek(parked(), duration - 10, duration), duration), 3);
    expect(ended).toMatchObject({ t: duration, playing: false });
    expect(play(ended, duration)).toMatchObject({ t: 0, playing: true });
  });

  test('gets through idle time sooner when it skips it, and never goes back', () => {
    const slow = Recording.of([mark(1, 20_000, 50_000, { firstToken: 20_000 }), mark(2, 90_000)]);
    const frames = (skip: Playback['skip']): number => {
      let now = play(parked({ skip, speed: 16 }), slow.duration);
      const axis = axisOf(slow, now.pace, skip);
      let count = 0;
      for (; now.playing; count++) {
        const next = tick(now, axis, slow.duration, 16);
        expect(next.t).toBeGreaterThanOrEqual(now.t);
        now = next;
      }
      return count;
    };
    expect(frames('both')).toBeLessThan(frames('idle'));
    expect(frames('idle')).toBeLessThan(frames('nothing'));
    expect(frames('both')).toBeLessThan(frames('waits'));
    expect(frames('waits')).toBeLessThan(frames('nothing'));
  });

  test('stays inside the recording wherever it is sent', () => {
    for (const t of [-1, Infinity, NaN, 1e300, -Infinity]) {
      const now = seek(parked(), t, duration);
      expect(now.t).toBeGreaterThanOrEqual(0);
      expect(now.t).toBeLessThanOrEqual(duration);
    }
  });

  test('glides to a growing end while it follows, and leaves it with a seek or a pause', () => {
    const now = run(follow(parked()), 400);
    expect(now.t).toBe(duration);
    expect(seek(now, 5, duration).following).toBe(false);
    expect(pause(now).following).toBe(false);
  });

  test('has a fastest and a slowest speed', () => {
    expect(faster(16, 1)).toBe(16);
    expect(faster(0.5, -1)).toBe(0.5);
    expect(faster(1, 1)).toBe(2);
  });
});
