/** Compared turns as a page shows them: which differ, where the next one is, and texts without their long equal stretches. Pure. */
import type { TextPiece, Turn, TurnChange, TurnMember } from './types';

/** What a change is called, seen from the first session to the second. */
export const CHANGES: Record<TurnChange, string> = {
  same: 'the same',
  changed: 'changed',
  added: 'only in the second',
  removed: 'only in the first',
};

/** A piece of a difference as it is shown; `hidden` is how many equal characters are left out in its place. */
export interface ShownPiece extends TextPiece {
  hidden: number;
}

/** Equal characters that stay on either side of a difference. */
const AROUND = 160;
/** Something that is read, not only seen. */
const WORDS = /[\p{L}\p{N}]/u;
/** Fewer hidden characters than these are not worth a fold. */
const WORTH = 120;

/** The pieces of one side: what is in both, and what is in it alone. */
export function sideOf<Piece extends TextPiece>(pieces: readonly Piece[], side: 'a' | 'b'): Piece[] {
  const other = side === 'a' ? 'insert' : 'delete';
  return pieces.filter((piece) => piece.op !== other);
}

/**
 * The pieces of one side with those joined between which only a space or a sign is the same: a changed sentence is one change
 * to whoever reads it, not one a word.
 */
export function joined(pieces: readonly ShownPiece[]): ShownPiece[] {
  const joins: ShownPiece[] = [];
  pieces.forEach((piece, place) => {
    const last = joins.at(-1);
    const within = !piece.hidden && !WORDS.test(piece.text) && last !== undefined && last.op === pieces[place + 1]?.op;
    const op = piece.op === 'equal' && within ? last.op : piece.op;
    if (last && last.op === op && op !== 'equal') joins[joins.length - 1] = { op, text: last.text + piece.text, hidden: 0 };
    else joins.push({ ...piece, op });
  });
  return joins;
}

/** The pieces with the middle of long equal stretches left out; the text before the first and behind the last difference too. */
export function folded(pieces: readonly TextPiece[]): ShownPiece[] {
  return pieces.flatMap((piece, place) => {
    if (piece.op !== 'equal') return [{ ...piece, hidden: 0 }];
    return foldedStretch(piece.text, place > 0 ? AROUND : 0, place < pieces.length - 1 ? AROUND : 0);
  });
}

function foldedStretch(text: string, before: number, after: number): ShownPiece[] {
  // A text in which nothing differs shows its beginning.
  const head = before || after ? before : AROUND;
  if (text.length - head - after < WORTH) return [{ op: 'equal', text, hidden: 0 }];
  const from = head && betweenWords(text, head);
  const until = after ? betweenWords(text, text.length - after) : text.length;
  const pieces: ShownPiece[] = [
    { op: 'equal', text: text.slice(0, from), hidden: 0 },
    { op: 'equal', text: '', hidden: until - from },
    { op: 'equal', text: text.slice(until), hidden: 0 },
  ];
  return pieces.filter((piece) => piece.text || piece.hidden);
}

/** The next place at or behind one at which a word ends; the place itself where none is near, and never within a character. */
function betweenWords(text: string, place: number): number {
  for (let at = place; at < Math.min(place + 24, text.length); at += 1) if (/\s/.test(text.charAt(at))) return at;
  const code = text.charCodeAt(place);
  return code >= 0xdc00 && code <= 0xdfff ? place + 1 : place;
}

/** The place of the next turn that differs, behind `from` or before it; -1 when there is none. */
export function nextDifference(turns: readonly Turn[], from: number, direction: 1 | -1): number {
  for (let place = from + direction; place >= 0 && place < turns.length; place += direction) {
    if (turns[place]?.change !== 'same') return place;
  }
  return -1;
}

/** Whether any turn was asked the same in both sessions. */
export function haveCommonTurns(turns: readonly Turn[]): boolean {
  return turns.some((turn) => turn.a && turn.b && !turn.members.some((member) => member === 'prompt' || member === 'input'));
}

/** What differs, in a sentence's words: "the response and the model". */
export function membersInWords(members: readonly TurnMember[]): string {
  const words = members.map((member) => `the ${member}`);
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** A difference with its sign, as the number itself is shown; nothing where there is none. */
export function signed(value: number | null, show: (size: number) => string): string {
  if (value === null || value === 0) return '';
  return (value > 0 ? '+' : '−') + show(Math.abs(value));
}

/** A difference as a share of the first number, with its sign; nothing where the first is zero or they are equal. */
export function shareOf(difference: number, first: number): string {
  if (!first || !difference) return '';
  const percent = (difference / first) * 100;
  const size = Math.abs(percent);
  const text = size < 1 ? '<1' : size > 999 ? '>999' : size.toFixed(0);
  return `${percent > 0 ? '+' : '−'}${text} %`;
}
