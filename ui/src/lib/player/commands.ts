/** What a key's command does to the player, and which keys are not the player's. */

import type { Command } from '../replay/keys';
import type { Player } from './player.svelte';

export interface Doors {
  share(): void;
  help(): void;
  fullscreen(): void;
  find(): void;
  comment(): void;
  bookmark(): void;
}

export function carryOut(command: Command, player: Player, doors: Doors): void {
  const does: Record<Command, () => void> = {
    toggle: () => player.toggle(),
    back: () => player.jump(-1),
    forward: () => player.jump(1),
    previous: () => player.step(-1),
    next: () => player.step(1),
    faster: () => player.changeSpeed(1),
    slower: () => player.changeSpeed(-1),
    'next-error': () => player.stepToError(1),
    'previous-error': () => player.stepToError(-1),
    start: () => player.seek(0),
    end: () => (player.active ? player.follow() : player.seek(player.duration)),
    follow: () => player.active && player.follow(),
    'range-start': () => player.markRange('start'),
    'range-end': () => player.markRange('end'),
    clear: () => player.setRange(null),
    ...doors,
  };
  does[command]();
}

const TYPING = 'input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]';
/** A pressed Space is theirs. */
export const PRESSED = 'button, a[href], summary, input, [role=tab]';
/** They scroll with the arrows up and down, Home and End. */
const SCROLLED = '[role=log], [role=group]';
const SCROLLS = ['ArrowUp', 'ArrowDown', 'Home', 'End'];

/**
 * True when a key belongs to what has the focus: nothing is taken from somebody who types. `clicked` is what a pointer pressed
 * last: it has the focus only for that, so that Space there plays and pauses.
 */
export function isTaken(event: KeyboardEvent, clicked: Element | null): boolean {
  const target = event.target;
  if (!(target instanceof Element) || event.defaultPrevented) return event.defaultPrevented;
  if (target.closest(TYPING) || target.closest('dialog, [role=dialog]')) return true;
  const pressed = target.closest(PRESSED);
  if (event.key === ' ' && pressed && pressed !== clicked) return true;
  return SCROLLS.includes(event.key) && target.closest(SCROLLED) !== null;
}
