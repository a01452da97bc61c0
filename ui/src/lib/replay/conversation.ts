/**
 * The conversation at a moment: which rows stand there, and how far a response has come. Pure; a row is a mark, its whole text
 * is fetched elsewhere.
 */

import type { Mark } from '../types';
import { firstTokenAt, type Recording } from './recording';
import { clamp } from './search';

export type Phase = 'waiting' | 'streaming' | 'done';

/** How many rows stand at `t`: the first so many of `recording.started`. O(log n). */
export function rowsAt(recording: Recording, t: number): number {
  return recording.begunBy(t);
}

/**
 * Where what lasts (a call, a step) stands at `t`: waited for, answering, or done. A call whose first token was not recorded
 * answered all at once, at its end; one that is pending is waited for ever since.
 */
export function phaseAt(mark: Mark, t: number): Phase {
  if (mark.pending) return 'waiting';
  if (t >= mark.end) return 'done';
  const first = firstTokenAt(mark);
  return first !== null && t >= first ? 'streaming' : 'waiting';
}

/** Which part of the response has arrived at `t`, from 0 to 1: evenly from its first token to its end. */
export function progressAt(mark: Mark, t: number): number {
  if (mark.pending) return 0;
  if (t >= mark.end) return 1;
  const first = firstTokenAt(mark);
  if (first === null || t <= first) return 0;
  return clamp((t - first) / (mark.end - first), 0, 1);
}

/** The first `share` of a text, never cutting a character in two (surrogates, combining marks, joined emoji). */
export function portion(text: string, share: number): string {
  if (share >= 1) return text;
  if (share <= 0) return '';
  let cut = Math.floor(text.length * share);
  while (cut < text.length && joinsBack(text, cut)) cut++;
  return text.slice(0, cut);
}

const JOINING = /^[\p{Mark}\u200d\ufe0f\u{1f3fb}-\u{1f3ff}]/u;

function joinsBack(text: string, cut: number): boolean {
  const unit = text.charCodeAt(cut);
  if (unit >= 0xdc00 && unit <= 0xdfff) return true;
  return text.charCodeAt(cut - 1) === 0x200d || JOINING.test(text.slice(cut, cut + 2));
}
