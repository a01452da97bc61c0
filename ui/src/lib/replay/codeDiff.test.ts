import { describe, expect, test } from 'vitest';
import { linesBetween } from './codeDiff';
import { countOf, onlyChanges } from './diffLines';
import { seeded } from './making';

describe('the difference of two snippets', () => {
  test('names the lines that came and went, by their numbers', () => {
    const lines = linesBetween('a\nb\nc\n', 'a\nB\nc\nd\n');
    expect(lines?.map(({ change, text, before, after }) => `${change} ${text} ${before} ${after}`)).toEqual([
      'same a 1 1',
      'removed b 2 null',
      'added B null 2',
      'same c 3 3',
      'added d null 4',
    ]);
    expect(countOf(lines ?? [])).toEqual({ added: 2, removed: 1 });
  });

  test('leads from one text to the other, whatever they are', () => {
    const random = seeded(81);
    const text = (): string => Array.from({ length: Math.floor(random() * 30) }, () => 'abc'[Math.floor(random() * 3)]).join('\n');
    for (let i = 0; i < 200; i++) {
      const [before, after] = [text(), text()];
      const lines = linesBetween(before, after) ?? [];
      const kept = (without: string): string => lines.filter((line) => line.change !== without).map((line) => line.text).join('\n');
      expect(kept('added')).toBe(before);
      expect(kept('removed')).toBe(after);
    }
  });

  test('gives up on texts that have too little in common', () => {
    const lines = (word: string): string => Array.from({ length: 3_000 }, (_, i) => `${word} ${i}`).join('\n');
    expect(linesBetween(lines('one'), lines('other'))).toBeNull();
  });

  test('leaves out what is far from any change', () => {
    const before = Array.from({ length: 40 }, (_, i) => String(i)).join('\n');
    const shown = onlyChanges(linesBetween(before, before.replace('20', 'twenty')) ?? []);
    expect(shown.map((line) => line?.text ?? '…')).toEqual(['…', '17', '18', '19', '20', 'twenty', '21', '22', '23', '…']);
  });
});
