import { expect, it } from 'vitest';
import { fileName, withoutHead } from './downloads';

it('joins CSV files under one head', () => {
  expect(withoutHead('seq,text\r\n1,"a\nb"\r\n')).toBe('1,"a\nb"\r\n');
});

it('names files so that no system minds', () => {
  expect(fileName('a/b:c d')).toBe('a_b_c_d');
  expect(fileName('x'.repeat(300))).toHaveLength(120);
});
