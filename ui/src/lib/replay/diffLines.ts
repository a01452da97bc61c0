/** The difference of two snippets as lines: what stands where, and which of it is worth showing. Pure. */

export type Change = 'same' | 'added' | 'removed';

export interface DiffLine {
  change: Change;
  text: string;
  /** The line's number before and after; null where it is not there. */
  before: number | null;
  after: number | null;
}

/** Lines without a change that are shown around one. */
const AROUND = 3;

/** The lines without the unchanged ones far from any change; null stands where some were left out. */
export function onlyChanges(lines: readonly DiffLine[]): (DiffLine | null)[] {
  const near = new Uint8Array(lines.length);
  lines.forEach((line, i) => {
    if (line.change !== 'same') near.fill(1, Math.max(0, i - AROUND), i + AROUND + 1);
  });
  const shown: (DiffLine | null)[] = [];
  lines.forEach((line, i) => {
    if (near[i]) shown.push(line);
    else if (shown.at(-1) !== null) shown.push(null);
  });
  return shown;
}

/** How many lines came and went. */
export function countOf(lines: readonly DiffLine[]): { added: number; removed: number } {
  const count = (change: Change): number => lines.filter((line) => line.change === change).length;
  return { added: count('added'), removed: count('removed') };
}
