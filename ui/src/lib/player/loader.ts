/**
 * Brings the marks of a session: the first page, then what is around the playhead, then outwards. A source that cannot say
 * where its pages are is read from front to back. Owns the order of requests; the recording is its host's.
 */

import { ApiError, isAbort } from '../api';
import { type Hole, Pages, type Run } from '../replay/pages';
import { marksOf, type Recording } from '../replay/recording';
import type { EventPlace, Mark, Outline, PlayerData } from '../types';
import type { Source } from './source';

const MOST_AT_ONCE = 20_000;

export interface Host {
  recording(): Recording;
  /** Where somebody looks. */
  t(): number;
  /** The whole from afar is known, and the place of the event that was asked for. */
  outlined(outline: Outline, place: EventPlace | null, holes: readonly Hole[]): void;
  arrived(marks: readonly Mark[], duration: number, holes: readonly Hole[]): void;
  /** Something could not be loaded; it is asked for again when somebody looks there. */
  failed(reason: ApiError): void;
}

export class Loader {
  private pages: Pages | null = null;
  private running: Promise<void> | null = null;
  private duration = 0;

  constructor(
    private readonly source: Source,
    private readonly signal: AbortSignal,
    private readonly host: Host,
  ) {}

  /** Ask for the whole from afar, beside the first page when somebody wants to be elsewhere at once. */
  outline(event: string | null = null): Promise<Outline> | null {
    const asked = this.source.outline?.(event, this.signal) ?? null;
    // A failure is for who awaits it; of a short session nobody does.
    asked?.catch(() => undefined);
    return asked;
  }

  /** Load what is behind the first page. */
  async rest(first: PlayerData, asked: Promise<Outline> | null): Promise<void> {
    this.duration = first.duration;
    if (first.next === null) return;
    const outline = asked ?? this.outline();
    if (!outline) return this.inOrder(first.next);
    const found = await outline;
    this.pages = new Pages(found.pages);
    this.pages.takeFirst(first.next);
    this.host.outlined(found, found.event, this.pages.holes());
    await this.wake();
  }

  /** Load on when something is missing where somebody looks now. */
  wake(): Promise<void> {
    if (!this.pages || this.pages.complete) return Promise.resolve();
    return (this.running ??= this.run(this.pages).finally(() => (this.running = null)));
  }

  private async run(pages: Pages): Promise<void> {
    const arrived: Mark[] = [];
    const give = (): void => this.host.arrived(arrived.splice(0), this.duration, pages.holes());
    try {
      for (let run = pages.next(this.host.t()); run; run = pages.next(this.host.t())) {
        for (const mark of await this.fetch(run)) arrived.push(mark);
        pages.take(run);
        // A recording is made anew with what arrived, so it is let double first: all of it costs no more than twice the last.
        if (run.near || this.isMissed(pages) || arrived.length >= this.host.recording().size) give();
      }
    } catch (reason) {
      if (isAbort(reason)) return;
      if (!(reason instanceof ApiError)) throw reason;
      this.host.failed(reason);
    } finally {
      if (arrived.length && !this.signal.aborted) give();
    }
  }

  /** Somebody looks at what is here and was not given yet. */
  private isMissed(pages: Pages): boolean {
    const t = this.host.t();
    return pages.isHere(pages.at(t)) && this.host.recording().holeAt(t) !== undefined;
  }

  private async fetch(run: Run): Promise<Mark[]> {
    const marks: Mark[] = [];
    for (let after: number | null = run.after; after !== null && marks.length < run.events; ) {
      const limit = Math.min(run.events - marks.length, MOST_AT_ONCE);
      const page: PlayerData = await this.source.player({ after, limit }, this.signal);
      for (const mark of marksOf(page)) marks.push(mark);
      after = page.next;
    }
    return marks;
  }

  private async inOrder(next: number | null): Promise<void> {
    const arrived: Mark[] = [];
    while (next !== null) {
      const page: PlayerData = await this.source.player({ after: next, limit: MOST_AT_ONCE }, this.signal);
      next = page.next;
      for (const mark of marksOf(page)) arrived.push(mark);
      if (next !== null && arrived.length < this.host.recording().size) continue;
      const end = arrived.reduce((last, mark) => Math.max(last, mark.end), 0);
      const holes = next === null ? [] : [{ start: end, end: page.duration, pages: [], after: null }];
      this.host.arrived(arrived.splice(0), page.duration, holes);
    }
  }
}
