/** Live events on their way into a recording: at once into a small one, several at a time into a large one. */

import { clamp } from '../replay/search';
import type { AnyEvent } from '../types';

const BREATH_MS = 300;
const LONGEST_BREATH_MS = 3_000;
/** Taking in may have this part of the time, so that the page stays with whoever uses it. */
const SHARE = 1 / 6;

export class Arrivals {
  private waiting: AnyEvent[] = [];
  private breath: ReturnType<typeof setTimeout> | null = null;
  private took = 0;

  constructor(
    private readonly takeIn: (events: AnyEvent[]) => void,
    private readonly crowded: () => boolean,
  ) {}

  add(events: readonly AnyEvent[]): void {
    this.waiting.push(...events);
    if (!this.crowded()) this.flush();
    else this.breath ??= setTimeout(() => this.flush(), clamp(this.took / SHARE, BREATH_MS, LONGEST_BREATH_MS));
  }

  stop(): void {
    if (this.breath) clearTimeout(this.breath);
    this.waiting = [];
  }

  private flush(): void {
    if (this.breath) clearTimeout(this.breath);
    this.breath = null;
    const events = this.waiting;
    this.waiting = [];
    if (!events.length) return;
    const began = performance.now();
    this.takeIn(events);
    this.took = performance.now() - began;
  }
}
