/** Finding a text inside the session that plays: the query, its hits in time order, and how much was looked through. */

import { found, hitBeside } from '../replay/finding';
import type { Recording } from '../replay/recording';
import type { AnyEvent, Mark } from '../types';
import { type Extent, SessionTexts } from './sessionTexts';
import type { Source } from './source';

/** Shorter queries find too much to be worth loading a session for. */
const SHORTEST = 2;

export class Finder {
  query = $state('');
  hits = $state.raw<readonly Mark[]>([]);
  extent = $state<Extent>('none');
  /** How many events were looked through whole. */
  looked = $state(0);
  private readonly texts: SessionTexts;

  constructor(
    source: Source,
    signal: AbortSignal,
    private readonly recording: () => Recording,
  ) {
    this.texts = new SessionTexts(source, signal, () => this.look());
  }

  /** Look for a text from now on; an empty one ends it. */
  find(query: string): void {
    this.query = query;
    if (query.trim().length >= SHORTEST) this.texts.load();
    this.look();
  }

  /** The hits again, after the recording has changed. */
  look(): void {
    this.extent = this.texts.extent;
    this.looked = this.texts.size;
    const { query } = this;
    this.hits = query.trim().length < SHORTEST ? [] : found(this.recording().moments, query, this.texts.textOf);
  }

  /** Events that arrived live. */
  put(events: readonly AnyEvent[]): void {
    this.texts.put(events);
  }

  beside(current: Mark | undefined, t: number, direction: 1 | -1): Mark | undefined {
    return hitBeside(this.hits, current, t, direction);
  }
}
