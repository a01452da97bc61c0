/**
 * Steps from event to event, and from error to error. Where what lies between is not here yet, the playhead goes there and on
 * once it has come, so that no event is passed over because it was not loaded.
 */

import type { Recording } from '../replay/recording';
import type { Mark } from '../types';
import type { Player } from './player.svelte';

type Direction = 1 | -1;

export class Stepping {
  /** Where a step waits for what is not here, and how it goes on. */
  private onward: { t: number; go: () => void } | null = null;

  constructor(private readonly player: Player) {}

  /** Go to the event before or behind. */
  beside(direction: Direction): void {
    const { chosen, t } = this.player;
    this.to(direction, 'moments', (recording) => {
      if (!chosen) return direction > 0 ? recording.after(t) : recording.before(t);
      const next = recording.beside(chosen, direction);
      return next?.id === chosen.id ? undefined : next;
    });
  }

  /** Go to the error before or behind. */
  toError(direction: Direction): void {
    const from = this.player.chosen?.end ?? this.player.t;
    this.to(direction, 'errors', (recording) => (direction > 0 ? recording.errorAfter(from) : recording.errorBefore(from)));
  }

  /** Go on with a step that waited, unless somebody went elsewhere meanwhile. */
  goOn(): void {
    const { onward } = this;
    if (!onward || this.player.waiting) return;
    this.onward = null;
    if (onward.t === this.player.t) onward.go();
  }

  private to(direction: Direction, kind: 'moments' | 'errors', find: (recording: Recording) => Mark | undefined): void {
    const { player } = this;
    const next = find(player.recording);
    const edge = direction > 0 ? player.duration : 0;
    const hole = player.recording.holeBetween(player.chosen?.end ?? player.t, next?.end ?? edge, kind);
    if (!hole) {
      if (next) player.choose(next);
      return;
    }
    const page = direction > 0 ? hole.pages.find((one) => one[kind] > 0) : hole.pages.findLast((one) => one[kind] > 0);
    player.pause();
    player.seek(direction > 0 ? (page ?? hole).start : (page ?? hole).end);
    this.onward = { t: player.t, go: () => this.to(direction, kind, find) };
  }
}
