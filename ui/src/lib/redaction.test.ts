import { expect, test } from 'vitest';
import { draftOf, isSame, KINDS, rulesOf, wrongOf } from './redaction';
import type { RedactionData } from './types';

const rules: RedactionData = {
  enabled: true,
  kinds: ['email', 'card'],
  secretNames: ['patient_name', 'dob'],
  patterns: [{ name: 'order', pattern: 'ORD-\\d{6}' }],
  allow: ['help@example.com', { pattern: '.*@example\\.org' }],
};

test('rules come back from the form as they went in', () => {
  expect(rulesOf(draftOf(rules))).toEqual(rules);
  expect(isSame(rules, rulesOf(draftOf(rules)))).toBe(true);
  expect(isSame(rules, { ...rules, enabled: false })).toBe(false);
});

test('what is typed loosely is taken apart, and empty rows are left out', () => {
  const draft = { ...draftOf(rules), names: ' a,, b \n c', allow: '\n x@y.z \n/a/b/\n//\n', patterns: [{ name: '', pattern: '' }] };
  expect(rulesOf(draft)).toMatchObject({
    secretNames: ['a', 'b', 'c'],
    allow: ['x@y.z', { pattern: 'a/b' }, '//'],
    patterns: [],
  });
});

test('the order in which kinds were chosen is no change', () => {
  expect(isSame(rules, { ...rules, kinds: ['card', 'email'] })).toBe(true);
  expect(new Set(KINDS.map((each) => each.kind)).size).toBe(9);
});

test('a refusal names the row', () => {
  const details = [{ field: 'redaction.patterns[2].pattern', message: 'no regular expression: missing ): (' }];
  expect(wrongOf('whole', details)).toEqual({ list: 'patterns', row: 2, message: 'Pattern 3: no regular expression: missing ): (' });
  expect(wrongOf('whole', [{ field: 'rules.allow', message: 'too long' }])).toEqual({ list: 'allow', row: -1, message: 'too long' });
  expect(wrongOf('whole', null)).toEqual({ list: null, row: -1, message: 'whole' });
});
