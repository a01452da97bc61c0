/** Keys of whole pages: when they count, and what the help says of them. Pure. */
import type { Route } from './router';

/** Whether a key goes into a field or belongs to an open dialog, so that it is no shortcut. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  const field = 'input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable], dialog, [role=dialog]';
  return target.closest(field) !== null;
}

/** What opens the commands, by the name that it has on the reader's keyboard. */
export function commandKey(userAgent: string): string {
  return /Mac|iPhone|iPad/.test(userAgent) ? '⌘ K' : 'Ctrl K';
}

export interface Shortcut {
  keys: readonly string[];
  does: string;
}

export const EVERYWHERE: readonly Shortcut[] = [
  { keys: [commandKey(typeof navigator === 'undefined' ? '' : navigator.userAgent)], does: 'commands: go to a page, find a session' },
  { keys: ['?'], does: 'this list' },
];

const SEARCH: Shortcut = { keys: ['/'], does: 'to the search box' };

/** What keys do on a page, beside those that work everywhere. */
export const ON_PAGE: Partial<Record<Route['page'], readonly Shortcut[]>> = {
  sessions: [
    SEARCH,
    { keys: ['j', 'k'], does: 'next, previous session' },
    { keys: ['Enter'], does: 'open it' },
    { keys: ['x'], does: 'select it' },
    { keys: ['Esc'], does: 'select none' },
  ],
  search: [SEARCH],
  stats: [SEARCH],
  compare: [{ keys: ['n', 'p'], does: 'next, previous difference' }],
};
