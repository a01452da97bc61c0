import { describe, expect, test } from 'vitest';
import { phaseAt, portion, progressAt } from './conversation';
import { mark } from './making';

const streamed = mark(1, 1_000, 5_000, { firstToken: 1_000 });
const whole = mark(2, 1_000, 5_000);

describe('a response', () => {
  test('streams in evenly between its first token and its end', () => {
    expect([1_500, 2_000, 3_500, 5_000, 9_000].map((t) => progressAt(streamed, t))).toEqual([0, 0, 0.5, 1, 1]);
    expect([1_500, 2_000, 4_999, 5_000].map((t) => phaseAt(streamed, t))).toEqual(['waiting', 'streaming', 'streaming', 'done']);
  });

  test('comes all at once when its first token was not recorded', () => {
    expect(progressAt(whole, 4_999)).toBe(0);
    expect(phaseAt(whole, 4_999)).toBe('waiting');
    expect(progressAt(whole, 5_000)).toBe(1);
  });

  test('of a call that is not over is waited for, however late it is', () => {
    const pending = mark(3, 1_000, 1_000, { type: 'interaction', pending: true });
    expect([phaseAt(pending, 1_000), phaseAt(pending, 9e9), progressAt(pending, 9e9)]).toEqual(['waiting', 'waiting', 0]);
  });

  test('is never cut inside a character', () => {
    const text = 'a👩‍👩‍👧é🇯🇵日本ا\u064b';
    for (let share = 0; share <= 1; share += 0.01) {
      const cut = portion(text, share);
      expect(text.startsWith(cut)).toBe(true);
      expect(cut).not.toMatch(/[\ud800-\udbff]$/);
      expect(text.slice(cut.length)).not.toMatch(/^[\p{Mark}\u200d]/u);
    }
    expect(portion(text, 1)).toBe(text);
    expect(portion(text, 0)).toBe('');
  });
});
