import { describe, expect, test } from 'vitest';
import { mark, randomMarks, seeded } from './making';
import { momentIn, rangeIn, withMoment, withRange } from './moment';
import { axisOf, parked, play, seek, tick } from './playback';
import { endingAt, rangeBetween, startingAt, totalsIn } from './range';
import { Recording } from './recording';

const recording = Recording.of(randomMarks(2_000, 71));
const { duration } = recording;

describe('a range', () => {
  test('is set from either end, and stays inside the session', () => {
    expect(rangeBetween(9_000, 2_000, 10_000)).toEqual({ start: 2_000, end: 9_000 });
    expect(rangeBetween(-5, 99_000, 10_000)).toEqual({ start: 0, end: 10_000 });
    expect(rangeBetween(500, 504, 10_000)).toBeNull();
    expect(startingAt(null, 4_000, 10_000)).toEqual({ start: 4_000, end: 10_000 });
    expect(endingAt({ start: 4_000, end: 10_000 }, 6_000, 10_000)).toEqual({ start: 4_000, end: 6_000 });
    expect(endingAt({ start: 4_000, end: 10_000 }, 3_000, 10_000)).toEqual({ start: 0, end: 3_000 });
    expect(startingAt({ start: 0, end: 3_000 }, 5_000, 10_000)).toEqual({ start: 5_000, end: 10_000 });
  });

  test('sums up what was complete in it, as counting each event does', () => {
    const random = seeded(72);
    for (let i = 0; i < 100; i++) {
      const range = rangeBetween(random() * duration, random() * duration, duration);
      if (!range) continue;
      const inside = recording.moments.filter((one) => one.end >= range.start && one.end <= range.end);
      const calls = inside.filter((one) => one.type === 'interaction');
      const totals = totalsIn(recording, range);
      expect(totals).toMatchObject({
        events: inside.length,
        errors: inside.filter((one) => one.error).length,
        calls: calls.length,
        inputTokens: calls.reduce((sum, one) => sum + (one.inputTokens ?? 0), 0),
        unpriced: calls.filter((one) => one.costSource === 'unknown').length,
      });
      expect(totals.cost).toBeCloseTo(calls.reduce((sum, one) => sum + (one.cost ?? 0), 0), 9);
    }
  });

  test('counts what ends exactly at either end', () => {
    const three = Recording.of([mark(1, 0, 1_000), mark(2, 500, 2_000), mark(3, 900, 3_000)]);
    expect(totalsIn(three, { start: 1_000, end: 3_000 })).toMatchObject({ events: 3, calls: 3 });
    expect(totalsIn(three, { start: 1_001, end: 2_999 })).toMatchObject({ events: 1, calls: 1 });
  });

  test('is in the address, beside the moment', () => {
    const query = withRange(withMoment(new URLSearchParams('a=1'), { t: 5 }), { start: 10.4, end: 99 });
    expect(query.toString()).toBe('a=1&t=5&from=10&to=99');
    expect([rangeIn(query), momentIn(query)]).toEqual([{ start: 10, end: 99 }, { t: 5 }]);
    expect(withRange(query, null).toString()).toBe('a=1&t=5');
    for (const text of ['', 'from=5', 'from=9&to=2', 'from=x&to=4', 'from=&to=']) expect(rangeIn(new URLSearchParams(text))).toBeNull();
  });
});

describe('playing a range', () => {
  const axis = axisOf(recording, 'time', 'nothing');
  const range = { start: 10_000, end: 12_000 };

  test('goes round in it, and never outside', () => {
    let now = play({ ...parked({ skip: 'nothing' }), range }, duration);
    let rounds = 0;
    for (let i = 0; i < 1_000; i++) {
      const next = tick(now, axis, duration, 16);
      expect(next.t).toBeGreaterThanOrEqual(range.start);
      expect(next.t).toBeLessThan(range.end);
      if (next.t < now.t) rounds += 1;
      now = next;
    }
    expect(rounds).toBe(7);
  });

  test('stops at its end when it is not to be repeated', () => {
    let now = play({ ...parked({ skip: 'nothing' }), range, loop: false }, duration);
    for (let i = 0; i < 200; i++) now = tick(now, axis, duration, 16);
    expect(now).toMatchObject({ t: range.end, playing: false });
    expect(play(now, duration).t).toBe(range.start);
  });

  test('lets somebody who goes beyond it play on', () => {
    const beyond = seek(play({ ...parked({ skip: 'nothing' }), range }, duration), 20_000, duration);
    expect(tick(beyond, axis, duration, 16).t).toBeCloseTo(20_016, 6);
  });
});
