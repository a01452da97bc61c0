import { expect, test } from 'vitest';
import { folded, haveCommonTurns, joined, membersInWords, nextDifference, shareOf, sideOf, signed } from './turns';
import type { TextPiece, Turn, TurnMember } from './types';

const pieces: TextPiece[] = [
  { op: 'equal', text: 'It is ' },
  { op: 'delete', text: 'late' },
  { op: 'insert', text: 'here' },
  { op: 'equal', text: '.' },
];
const text = (found: { text: string }[]): string => found.map((piece) => piece.text).join('');
const turn = (change: Turn['change'], members: TurnMember[] = []): Turn =>
  ({ change, members, a: change === 'added' ? null : {}, b: change === 'removed' ? null : {} }) as Turn;

test('each side reads as its own text', () => {
  expect(text(sideOf(pieces, 'a'))).toBe('It is late.');
  expect(text(sideOf(pieces, 'b'))).toBe('It is here.');
});

test('changed words with only a space between them are one change', () => {
  const shown = (given: TextPiece[], side: 'a' | 'b'): string[] => joined(sideOf(folded(given), side)).map(({ op, text }) => `${op}:${text}`);
  const given: TextPiece[] = [
    { op: 'equal', text: 'You ' },
    { op: 'delete', text: 'are' },
    { op: 'insert', text: 'plan' },
    { op: 'equal', text: ' ' },
    { op: 'delete', text: 'careful' },
    { op: 'equal', text: ', ' },
    { op: 'delete', text: 'always' },
    { op: 'equal', text: ' in ' },
    { op: 'delete', text: 'Ghent' },
    { op: 'equal', text: '.' },
  ];
  expect(shown(given, 'a')).toEqual(['equal:You ', 'delete:are careful, always', 'equal: in ', 'delete:Ghent', 'equal:.']);
  expect(shown(given, 'b')).toEqual(['equal:You ', 'insert:plan', 'equal: ', 'equal:, ', 'equal: in ', 'equal:.']);
});

test('short equal stretches stay whole', () => {
  expect(folded(pieces)).toEqual(pieces.map((piece) => ({ ...piece, hidden: 0 })));
});

test('of a long equal stretch only what lies beside a difference stays, and what is hidden is counted', () => {
  const long = 'x'.repeat(1000);
  const found = folded([{ op: 'equal', text: long }, { op: 'insert', text: 'new' }, { op: 'equal', text: long }, { op: 'delete', text: 'old' }]);
  expect(found.map((piece) => piece.hidden)).toEqual([840, 0, 0, 0, 680, 0, 0]);
  const kept = text(found.filter((piece) => piece.op === 'equal')).length;
  expect(kept + 840 + 680).toBe(2000);
  expect(found[0]).toMatchObject({ text: '', hidden: 840 });
});

test('a fold parts words from each other, and no character', () => {
  const words = folded([{ op: 'insert', text: 'new ' }, { op: 'equal', text: 'word '.repeat(400) }, { op: 'insert', text: 'end' }]);
  expect(words.map((piece) => piece.text).filter((text) => /^ord|wor$/.test(text))).toEqual([]);
  const faces = folded([{ op: 'insert', text: 'x' }, { op: 'equal', text: `a${'😀'.repeat(600)}` }]);
  // Half a character cannot be encoded.
  expect(() => faces.map((piece) => encodeURIComponent(piece.text))).not.toThrow();
});

test('a text in which nothing differs shows its beginning', () => {
  expect(folded([{ op: 'equal', text: 'a'.repeat(1000) }]).map((piece) => [piece.text.length, piece.hidden])).toEqual([
    [160, 0],
    [0, 840],
  ]);
});

test('the next difference is found in both directions', () => {
  const turns = [turn('changed'), turn('same'), turn('added'), turn('same')];
  expect(nextDifference(turns, -1, 1)).toBe(0);
  expect(nextDifference(turns, 0, 1)).toBe(2);
  expect(nextDifference(turns, 2, 1)).toBe(-1);
  expect(nextDifference(turns, 2, -1)).toBe(0);
  expect(nextDifference(turns, 0, -1)).toBe(-1);
});

test('sessions have a turn in common when one was asked the same', () => {
  expect(haveCommonTurns([turn('changed', ['prompt']), turn('added')])).toBe(false);
  expect(haveCommonTurns([turn('changed', ['prompt']), turn('changed', ['response'])])).toBe(true);
});

test('what differs reads as words', () => {
  expect(membersInWords([])).toBe('');
  expect(membersInWords(['response'])).toBe('the response');
  expect(membersInWords(['prompt', 'model', 'error'])).toBe('the prompt, the model and the error');
});

test('differences carry their sign and never read as zero', () => {
  expect(signed(12, String)).toBe('+12');
  expect(signed(-3, String)).toBe('−3');
  expect([signed(0, String), signed(null, String)]).toEqual(['', '']);
  expect([shareOf(5, 10), shareOf(-1, 1000), shareOf(50, 1), shareOf(1, 0)]).toEqual(['+50 %', '−<1 %', '>999 %'.replace('>', '+>'), '']);
});
