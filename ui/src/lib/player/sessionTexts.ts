/**
 * The whole texts of a session, to be looked through: loaded page by page when something is first looked for, kept folded and
 * within bounds. Beyond them an event is found by what its mark says.
 */

import { ApiError, isAbort } from '../api';
import { textOfEvent, textOfMark } from '../replay/finding';
import type { AnyEvent, EventType, Mark } from '../types';
import type { Source } from './source';

const PAGE = 500;
const MOST_CHARS = 24e6;
const KINDS: EventType[] = ['interaction', 'user_action', 'code_context', 'workspace_state', 'step', 'feedback', 'gap'];

export type Extent = 'none' | 'loading' | 'whole' | 'part';

export class SessionTexts {
  extent: Extent = 'none';
  private readonly texts = new Map<number, string>();
  private chars = 0;

  constructor(
    private readonly source: Source,
    private readonly signal: AbortSignal,
    private readonly changed: () => void,
  ) {}

  /** An event's text, folded: whole when it is here, otherwise what its mark says. */
  textOf = (mark: Mark): string => this.texts.get(mark.seq) ?? textOfMark(mark);

  /** How many events are here whole. */
  get size(): number {
    return this.texts.size;
  }

  /** Load what is missing; does nothing when it is loading or loaded already. */
  load(): void {
    if (this.extent === 'none') void this.run();
  }

  /** Events that arrived otherwise; an event that is known is replaced. */
  put(events: readonly AnyEvent[]): void {
    if (this.extent === 'none') return;
    for (const event of events) this.keep(event);
    this.changed();
  }

  private async run(): Promise<void> {
    this.extent = 'loading';
    try {
      let after: number | null = 0;
      while (after !== null && this.chars < MOST_CHARS) {
        const page = await this.source.events({ after, limit: PAGE, types: KINDS }, this.signal);
        for (const event of page.data) this.keep(event);
        after = page.next;
        this.changed();
      }
      this.extent = after === null ? 'whole' : 'part';
    } catch (reason) {
      if (isAbort(reason)) return;
      if (!(reason instanceof ApiError)) throw reason;
      this.extent = 'part';
    }
    this.changed();
  }

  private keep(event: AnyEvent): void {
    const text = textOfEvent(event);
    this.chars += text.length - (this.texts.get(event.seq)?.length ?? 0);
    this.texts.set(event.seq, text);
  }
}
