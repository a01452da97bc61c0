import { describe, expect, test } from 'vitest';
import { seeded } from './making';
import { grown, isWhole, NARROWEST, pan, reveal, ticks, whole, zoom } from './view';

describe('the view', () => {
  test('keeps the moment under the pointer where it is', () => {
    const view = zoom({ from: 0, to: 100_000 }, 0.5, 30_000, 100_000);
    expect(view).toEqual({ from: 15_000, to: 65_000 });
  });

  test('never leaves the session, whatever is done to it', () => {
    const random = seeded(51);
    const duration = 90_000;
    let view = whole(duration);
    for (let i = 0; i < 2_000; i++) {
      const around = view.from + random() * (view.to - view.from);
      view = random() < 0.6 ? zoom(view, 0.3 + random() * 2, around, duration) : pan(view, (random() - 0.5) * 50_000, duration);
      expect(view.from).toBeGreaterThanOrEqual(0);
      expect(view.to).toBeLessThanOrEqual(duration + 1e-6);
      expect(view.to - view.from).toBeGreaterThanOrEqual(NARROWEST - 1e-6);
    }
  });

  test('follows the playhead out of sight, and a session that grows', () => {
    expect(reveal({ from: 0, to: 10 }, 5, 100)).toEqual({ from: 0, to: 10 });
    const turned = reveal({ from: 0, to: 1000 }, 5_000, 100_000);
    expect(turned.from).toBeLessThanOrEqual(5_000);
    expect(turned.to).toBeGreaterThanOrEqual(5_000);
    expect(isWhole(grown(whole(1_000), 1_000, 2_000), 2_000)).toBe(true);
    expect(grown({ from: 0, to: 500 }, 1_000, 2_000)).toEqual({ from: 0, to: 500 });
  });

  test('has round ticks that do not crowd, from milliseconds to years', () => {
    for (const span of [25, 1_000, 60_000, 3_600_000, 8.64e7, 3.15e10, 1e12]) {
      const found = ticks({ from: 0, to: span }, 900);
      expect(found.length).toBeGreaterThan(0);
      expect(found.length).toBeLessThanOrEqual(11);
    }
  });
});
