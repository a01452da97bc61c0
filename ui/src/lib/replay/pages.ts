/**
 * The pages of a long session: which of them are here, and which is wanted next, around the playhead first and then outwards.
 * Pure; the outline says where pages begin and what they come to.
 */

import type { OutlinePage } from '../types';
import { clamp, countUpTo } from './search';

/** So many pages are asked for at once when nobody waits for them. */
const TOGETHER = 5;
/** Beyond so many events, pages are loaded only where somebody looks. */
const MOST_EVENTS = 200_000;

/** What a stretch that is not here comes to, as far as that is known. */
export type PageSum = Omit<OutlinePage, 'after'>;

/** A stretch of which the marks are not here. */
export interface Hole {
  start: number;
  end: number;
  pages: readonly PageSum[];
  /** The seq behind which the marks after the hole are; null where the hole reaches to the end, or that is not known. */
  after: number | null;
}

/** Neighbouring pages that are asked for together. */
export interface Run {
  first: number;
  last: number;
  after: number;
  events: number;
  /** Somebody is waiting for it. */
  near: boolean;
}

export class Pages {
  private readonly here: boolean[];
  private readonly starts: Float64Array;
  private loaded = 0;

  constructor(
    private readonly pages: readonly OutlinePage[],
    private readonly most = MOST_EVENTS,
  ) {
    this.here = pages.map(() => false);
    this.starts = Float64Array.from(pages, (page) => page.start);
  }

  /** The number of the page that a moment lies in, or of the last before it. */
  at(t: number): number {
    return Math.max(0, countUpTo(this.starts, t) - 1);
  }

  get complete(): boolean {
    return this.here.every(Boolean);
  }

  isHere(number: number): boolean {
    return this.here[number] ?? true;
  }

  /** Take in the pages from `first` to `last`. */
  take({ first, last }: Pick<Run, 'first' | 'last'>): void {
    for (let number = first; number <= last; number++) {
      if (!this.isHere(number)) this.loaded += (this.pages[number] as OutlinePage).events;
      this.here[number] = true;
    }
  }

  /** Take in the first page, when what came without an outline ends where it ends. */
  takeFirst(next: number | null): void {
    if (next === (this.pages[1]?.after ?? null)) this.take({ first: 0, last: 0 });
  }

  /** What is wanted next by somebody at `t`; null when nothing is. */
  next(t: number): Run | null {
    const center = this.at(t);
    for (const [number, step, most] of [[center, -1, 2], [center - 1, -1, 1], [center + 1, 1, 1]] as const) {
      if (!this.isHere(number)) return this.run(number, step, most, true);
    }
    if (this.loaded >= this.most) return null;
    for (let away = 2; away < this.pages.length; away++) {
      if (!this.isHere(center + away)) return this.run(center + away, 1, TOGETHER, false);
      if (!this.isHere(center - away)) return this.run(center - away, -1, TOGETHER, false);
    }
    return null;
  }

  /** What is not here, in order; neighbouring pages are one hole. */
  holes(): Hole[] {
    const found: Hole[] = [];
    let open: { start: number; end: number; pages: OutlinePage[]; after: number | null } | null = null;
    this.pages.forEach((page, number) => {
      if (this.here[number]) {
        if (open) open.after = page.after;
        open = null;
      } else if (open) {
        open.end = page.end;
        open.pages.push(page);
      } else {
        open = { start: page.start, end: page.end, pages: [page], after: null };
        found.push(open);
      }
    });
    return found;
  }

  /** The missing pages from a number on in a direction, as far as they lie beside each other. */
  private run(from: number, step: 1 | -1, most: number, near: boolean): Run {
    let to = from;
    while (Math.abs(to + step - from) < most && !this.isHere(to + step)) to += step;
    const last = this.pages.length - 1;
    const [low, high] = [clamp(Math.min(from, to), 0, last), clamp(Math.max(from, to), 0, last)];
    const events = this.pages.slice(low, high + 1).reduce((sum, page) => sum + page.events, 0);
    return { first: low, last: high, after: (this.pages[low] as OutlinePage).after, events, near };
  }
}
