/** Binary search over ascending numbers. Owns nothing else. */

/** How many of the first `length` numbers are at most `x`. O(log n). */
export function countUpTo(sorted: ArrayLike<number>, x: number, length = sorted.length): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of the first `length` numbers are below `x`. O(log n). */
export function countBelow(sorted: ArrayLike<number>, x: number, length = sorted.length): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function clamp(x: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, x));
}
