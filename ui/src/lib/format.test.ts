import { describe, expect, it } from 'vitest';
import { ago, clock, compact, count, counted, duration, knownCost, latency, moment, money, percent, plural, utc } from './format';

describe('money', () => {
  it('never rounds a cost to a false zero', () => {
    for (let exponent = -9; exponent < 7; exponent++) {
      expect(Number(money(3.7 * 10 ** exponent).replace(/[$,]/g, ''))).toBeGreaterThan(0);
    }
    expect(money(0.0000021)).toBe('$0.0000021');
    expect(money(1e-9)).toBe('$0.0000000010');
  });

  it('reads as dollars at every size', () => {
    expect(money(0)).toBe('$0.00');
    expect(money(0.0834)).toBe('$0.0834');
    expect(money(0.99999)).toBe('$1.00');
    expect(money(1234.5)).toBe('$1,234.50');
    expect(money(null)).toBe('–');
  });
});

describe('numbers', () => {
  it('separates thousands, and shortens from ten thousand on', () => {
    expect(count(1204)).toBe('1,204');
    expect(compact(9999)).toBe('9,999');
    expect(compact(12_430)).toBe('12.4k');
    expect(compact(999_900)).toBe('1M');
    expect(compact(3_000_000_000)).toBe('3B');
    expect(compact(null)).toBe('–');
  });

  it('never rounds a share of errors to a false zero', () => {
    expect(percent(0)).toBe('0 %');
    expect(percent(0.01)).toBe('<0.1 %');
    expect(percent(3.456)).toBe('3.5 %');
    expect(percent(100)).toBe('100 %');
  });

  it('counts one and many', () => {
    expect(plural(1, 'event')).toBe('1 event');
    expect(plural(2000, 'event')).toBe('2,000 events');
  });
});

describe('durations', () => {
  it('grow by unit without ever showing sixty of one', () => {
    expect(duration(0)).toBe('0 ms');
    expect(duration(850)).toBe('850 ms');
    expect(duration(1240)).toBe('1.2 s');
    expect(duration(59_999)).toBe('1 m 00 s');
    expect(duration(400_120)).toBe('6 m 40 s');
    expect(duration(3_599_999)).toBe('1 h 00 m');
    expect(duration(7_500_000)).toBe('2 h 05 m');
    expect(duration(273_600_000)).toBe('3 d 4 h');
    expect(duration(null)).toBe('–');
  });

  it('keep latencies in milliseconds', () => {
    expect(latency(1850)).toBe('1,850 ms');
  });

  it('stand on the clock to the millisecond', () => {
    expect(clock(134_380)).toBe('02:14.380');
    expect(clock(3_600_001)).toBe('01:00:00.001');
    expect(clock(-5)).toBe('00:00.000');
  });
});

describe('moments', () => {
  it('show UTC to the millisecond on request', () => {
    expect(utc('2026-01-02T03:04:05.678Z')).toBe('2026-01-02 03:04:05.678 UTC');
    expect(utc('nonsense')).toBe('');
  });

  it('leave out what is obvious', () => {
    const now = new Date(2026, 5, 15, 12);
    expect(moment(new Date(2026, 5, 15, 9, 8, 7), now)).toBe('09:08:07');
    expect(moment(new Date(2026, 2, 1, 9, 8), now)).toContain('09:08');
    expect(moment(new Date(2024, 2, 1, 9, 8), now)).toContain('2024');
    expect(moment(null)).toBe('–');
  });

  it('say how long ago something was', () => {
    const now = new Date('2026-01-02T12:00:00Z');
    expect(ago('2026-01-02T11:59:50Z', now)).toBe('just now');
    expect(ago('2026-01-02T11:30:00Z', now)).toBe('30 min ago');
    expect(ago('2025-12-31T12:00:00Z', now)).toBe('2 d ago');
  });
});

describe('counted', () => {
  it('says when a number is an estimate, and gives it no more digits than it deserves', () => {
    expect(counted(12_345, false, 'session')).toBe('12,345 sessions');
    expect(counted(1, false, 'hit')).toBe('1 hit');
    expect(counted(12_345, true, 'session')).toBe('about 12,300 sessions');
  });
});

it('a cost of which nothing is known is no zero', () => {
  expect(knownCost(0, 3)).toBe('unknown');
  expect(knownCost(0, 0)).toBe('$0.00');
  expect(knownCost(0.5, 3)).toBe('$0.5000');
});
