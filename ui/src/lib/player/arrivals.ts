/** Live events on their way into a recording: at once into a small one, several at a time into a large one. */

import type { AnyEvent } from '../types';

const BREATH_MS = 300;

export class Arrivals {
  private waiting: AnyEvent[] = [];
  private breath: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly takeIn: (events: AnyEvent[]) => void,
    private readonly crowded: () => boolean,
  ) {}

  add(events: readonly AnyEvent[]): void {
    this.waiting.push(...events);
    if (!this.crowded()) this.flush();
    else this.breath ??= setTimeout(() => this.flush(), BREATH_MS);
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
    if (events.length) this.takeIn(events);
  }
}
