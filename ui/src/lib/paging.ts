/** Which rows of a long list are on the screen, and which pages of the server hold them. Pure. */

export interface Span {
  /** First row, inclusive. */
  first: number;
  /** Last row, exclusive. */
  end: number;
}

/** Rows to draw: those between two heights, and `spare` beyond either edge so that scrolling shows no blank. */
export function rowsBetween(top: number, bottom: number, rowHeight: number, total: number, spare = 12): Span {
  const first = clamp(Math.floor(top / rowHeight) - spare, 0, total);
  return { first, end: clamp(Math.ceil(bottom / rowHeight) + spare, first, total) };
}

/** Numbers, from 1, of the pages that hold these rows; the first page always, since it tells how many there are. */
export function pagesOf({ first, end }: Span, size: number): number[] {
  const from = Math.floor(first / size) + 1;
  const to = Math.max(from, Math.ceil(end / size));
  return Array.from({ length: to - from + 1 }, (_, step) => from + step);
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
