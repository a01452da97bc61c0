/**
 * Whole events around the playhead: fetched a few at a time when they are wanted, kept within bounds, forgotten oldest use first.
 * Knows no page; whoever shows events is told by `changed`.
 */

import { ApiError } from '../api';
import type { Recording } from '../replay/recording';
import type { AnyEvent, EventsAnswer, EventType, Mark } from '../types';
import type { Source } from './source';

const CHUNK = 24;
/** When an event is looked for from the beginning, so many at a time. */
const SCAN = 200;
const MOST_EVENTS = 1200;
const MOST_CHARS = 48e6;
const MOMENTS: EventType[] = ['interaction', 'user_action', 'code_context', 'workspace_state', 'step', 'feedback', 'gap'];

interface Kept {
  event: AnyEvent;
  chars: number;
}

export class EventCache {
  private readonly kept = new Map<number, Kept>();
  private readonly failed = new Set<number>();
  private chars = 0;
  /** Who wants what: each asker's last wish, in the order in which they first asked. */
  private readonly wishes = new Map<string, readonly Mark[]>();
  private running = false;
  private stopped = false;

  constructor(
    private readonly source: Source,
    private readonly recording: () => Recording,
    private readonly changed: () => void,
    /** Hears when everything that was wanted is here, or could not be had. */
    private readonly rested: () => void = () => {},
  ) {}

  get(seq: number): AnyEvent | undefined {
    const found = this.kept.get(seq);
    if (!found) return undefined;
    this.kept.delete(seq);
    this.kept.set(seq, found);
    return found.event;
  }

  /** True when the server could not give this event; it is asked for again by the next `want`. */
  hasFailed(seq: number): boolean {
    return this.failed.has(seq);
  }

  /** Ask for these events; what the same asker wanted before and has not been begun is forgotten. */
  want(asker: string, marks: readonly Mark[]): void {
    this.wishes.set(asker, marks);
    if (!this.running) void this.run();
  }

  put(events: readonly AnyEvent[]): void {
    for (const event of events) this.keep(event);
    this.forget();
    this.changed();
  }

  stop(): void {
    this.stopped = true;
  }

  private async run(): Promise<void> {
    this.running = true;
    try {
      for (let mark = this.next(); mark && !this.stopped; mark = this.next()) await this.attempt(mark);
    } finally {
      this.running = false;
      this.rested();
    }
  }

  private async attempt(mark: Mark): Promise<void> {
    try {
      await this.fetch(mark);
      this.failed.delete(mark.seq);
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      this.failed.add(mark.seq);
      this.wishes.clear();
      this.changed();
    }
  }

  private next(): Mark | undefined {
    for (const marks of this.wishes.values()) {
      const missing = marks.find((mark) => !this.kept.has(mark.seq));
      if (missing) return missing;
    }
    return undefined;
  }

  /** A run of neighbours from `mark` on; the mark by itself when time order on the server differs from ours. */
  private async fetch(mark: Mark): Promise<void> {
    const { moments } = this.recording();
    const place = this.recording().placeOf(mark);
    if (place < 0) return this.fetchAlone(mark);
    const page = await this.source.events({ after: this.behind(mark, moments[place - 1]), limit: CHUNK, types: MOMENTS });
    this.put(page.data);
    if (!this.kept.has(mark.seq)) await this.fetchAlone(mark);
  }

  /** The seq behind which a mark is to be found: of the one before it, or of the last before its page. */
  private behind(mark: Mark, before: Mark | undefined): number {
    return this.recording().holeBefore(mark, before)?.after ?? before?.seq ?? 0;
  }

  /**
   * Marks of one kind come in the server's own order, so the one before of that kind is nearly always the way to this one. Events
   * from before the session's start all stand at 0 here; among those it may take a look from the beginning.
   */
  private async fetchAlone(mark: Mark): Promise<void> {
    const { moments, samples } = this.recording();
    const all = mark.type === 'system_metrics' ? samples : moments;
    const before = all.slice(0, all.findIndex((one) => one.seq === mark.seq)).findLast((one) => one.type === mark.type);
    const behind = this.behind(mark, before);
    if (behind && (await this.scan(mark, behind, CHUNK))) return;
    if (await this.scan(mark, 0, SCAN)) return;
    throw new ApiError(404, 'event_not_found', 'The event is not there any more.');
  }

  private async scan(mark: Mark, from: number, limit: number): Promise<boolean> {
    for (let after: number | null = from; after !== null && !this.stopped; ) {
      const page: EventsAnswer = await this.source.events({ after, limit, types: [mark.type] });
      this.put(page.data);
      if (this.kept.has(mark.seq)) return true;
      after = from === 0 ? page.next : null;
    }
    return false;
  }

  /** An answer that was under way when an event was completed live does not undo that. */
  private keep(event: AnyEvent): void {
    const known = this.kept.get(event.seq);
    if (known && isPending(event) && !isPending(known.event)) return;
    const chars = JSON.stringify(event).length;
    this.chars += chars - (known?.chars ?? 0);
    this.kept.delete(event.seq);
    this.kept.set(event.seq, { event, chars });
  }

  private forget(): void {
    for (const [seq, { chars }] of this.kept) {
      if (this.kept.size <= MOST_EVENTS && this.chars <= MOST_CHARS) return;
      if (this.kept.size === 1) return;
      this.kept.delete(seq);
      this.chars -= chars;
    }
  }
}

const isPending = (event: AnyEvent): boolean => event.type === 'interaction' && event.pending === true;
