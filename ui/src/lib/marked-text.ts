/**
 * A difference within markdown: one side's whole text, with signs around what is changed that outlive its rendering. Pure.
 *
 * A sign stands around words only, never around what markdown itself is written with, so that a changed heading stays a heading.
 */
import type { ShownPiece } from './turns';

/** Of the private use area, where no text has anything to say; what a text has of them is replaced. */
export const OPEN = '\uE000';
export const CLOSE = '\uE001';
const SIGNS = /[\uE000\uE001]/g;
/** What a line begins with that is no text: bullets, numbers, headings, quotations. */
const LEADING = /^[ \t]*(?:(?:[-+*]|\d+[.)]|#{1,6}|>)[ \t]+)*/;
/** Rulers, fences and the line under a table's head. */
const STRUCTURE = /^[ \t]*(?:[\s|:=-]+|[-*_ \t]{3,}|(?:```|~~~).*)$/;
/** Where a link leads; or words, with the spaces between them and without what emphasises, quotes or divides them. */
const WORDS = /(\]\([^)]*\))|[^\s*_`~[\]|\\]+(?:[ \t]+[^\s*_`~[\]|\\]+)*/g;
/** Where a link leads, and what a fence is written in. */
const UNSEEN = /\]\([^)\n]*\)|^[ \t]*(?:```|~~~).*$/gm;

export interface MarkedText {
  text: string;
  /** How many stretches have signs around them. */
  marks: number;
}

/** One side's text with its changes between signs. */
export function withSigns(pieces: readonly ShownPiece[]): MarkedText {
  let text = '';
  for (const piece of pieces) {
    const clean = piece.text.replace(SIGNS, '\uFFFD');
    text += piece.op === 'equal' ? clean : signed(clean, text.slice(text.lastIndexOf('\n') + 1));
  }
  text = text.replace(UNSEEN, (found) => found.replace(SIGNS, ''));
  return { text, marks: text.split(OPEN).length - 1 };
}

/** A changed stretch, line by line; `before` is what stands on its first line already. */
function signed(changed: string, before: string): string {
  const lines = changed.split('\n');
  return lines.map((line, place) => signedLine(line, place ? '' : before)).join('\n');
}

function signedLine(line: string, before: string): string {
  if (!before.trim() && STRUCTURE.test(line)) return line;
  const begins = !before.replace(LEADING, '');
  const leading = begins ? (LEADING.exec(line)?.[0] ?? '') : '';
  return leading + line.slice(leading.length).replace(WORDS, (words, target) => (target ? words : OPEN + words + CLOSE));
}
