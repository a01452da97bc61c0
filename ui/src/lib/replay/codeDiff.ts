/** What changed in a snippet of code, line by line. Pure; loaded when the first difference is shown. */

import { diffLines } from 'diff';
import type { DiffLine } from './diffLines';

/** Beyond so many changed lines the whole counts as replaced, so that the work is bounded. */
const MOST_EDITS = 2_000;

/** The lines that lead from one text to the other; null when they have too little in common to be compared. */
export function linesBetween(before: string, after: string): DiffLine[] | null {
  const pieces = diffLines(before, after, { maxEditLength: MOST_EDITS, stripTrailingCr: true });
  if (!pieces) return null;
  const lines: DiffLine[] = [];
  let [old, now] = [1, 1];
  for (const piece of pieces) {
    for (const text of piece.value.replace(/\n$/, '').split('\n')) {
      if (piece.removed) lines.push({ change: 'removed', text, before: old++, after: null });
      else if (piece.added) lines.push({ change: 'added', text, before: null, after: now++ });
      else lines.push({ change: 'same', text, before: old++, after: now++ });
    }
  }
  return lines;
}
