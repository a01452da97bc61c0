import { expect, test } from 'vitest';
import { withSigns } from './marked-text';
import type { ShownPiece } from './turns';

const signed = (...pieces: [ShownPiece['op'], string][]): string =>
  withSigns(pieces.map(([op, text]) => ({ op, text, hidden: 0 }))).text.replaceAll('\uE000', '«').replaceAll('\uE001', '»');

test('words have signs around them, and what markdown is written with has none', () => {
  expect(signed(['equal', 'It is '], ['insert', 'here, at **last**'], ['equal', '.'])).toBe('It is «here, at» **«last»**.');
  expect(signed(['insert', '## Short answer\n\n- one\n2. two'])).toBe('## «Short answer»\n\n- «one»\n2. «two»');
  expect(signed(['equal', '- '], ['delete', 'one'])).toBe('- «one»');
  expect(signed(['insert', '| a | b |\n|---|--:|\n| 1 | 2 |'])).toBe('| «a» | «b» |\n|---|--:|\n| «1» | «2» |');
  expect(signed(['insert', '```python\nprint(1)\n```'])).toBe('```python\n«print(1)»\n```');
});

test('where a link leads stays as it is, and a text has no signs of its own', () => {
  expect(signed(['insert', 'see [this page](https://example.com/a) now'])).toBe('«see» [«this page»](https://example.com/a) «now»');
  expect(signed(['insert', 'a\uE000b\uE001c'])).toBe('«a\uFFFDb\uFFFDc»');
});

test('what is changed in signs of markdown alone leaves nothing to be marked', () => {
  expect(withSigns([{ op: 'insert', text: '**\n', hidden: 0 }]).marks).toBe(0);
  expect(withSigns([{ op: 'insert', text: 'a **b**', hidden: 0 }]).marks).toBe(2);
});
