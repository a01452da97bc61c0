/** Which key does what. Pure: it knows neither the page nor the player. */

export type Command =
  | 'toggle'
  | 'back'
  | 'forward'
  | 'previous'
  | 'next'
  | 'faster'
  | 'slower'
  | 'next-error'
  | 'previous-error'
  | 'start'
  | 'end'
  | 'follow'
  | 'fullscreen'
  | 'share'
  | 'help'
  | 'range-start'
  | 'range-end'
  | 'find'
  | 'comment'
  | 'bookmark'
  | 'clear';

export interface Key {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
}

const PLAIN: Record<string, Command> = {
  ' ': 'toggle',
  k: 'toggle',
  ArrowLeft: 'back',
  ArrowRight: 'forward',
  ArrowUp: 'faster',
  ArrowDown: 'slower',
  Home: 'start',
  End: 'end',
  e: 'next-error',
  l: 'follow',
  f: 'fullscreen',
  s: 'share',
  c: 'comment',
  b: 'bookmark',
  Escape: 'clear',
};
/** Where these are on a keyboard, and with which modifier they are typed, differs from country to country. */
const TYPED: Record<string, Command> = { '?': 'help', '/': 'find', '[': 'range-start', ']': 'range-end' };
const SHIFTED: Record<string, Command> = { ArrowLeft: 'previous', ArrowRight: 'next', e: 'previous-error' };

/** The command of a key; null when it has none, or belongs to the browser. */
export function commandOf(pressed: Key): Command | null {
  const typed = TYPED[pressed.key];
  if (typed) return pressed.metaKey || (pressed.ctrlKey && !pressed.altKey) ? null : typed;
  if (pressed.ctrlKey || pressed.altKey || pressed.metaKey) return null;
  const key = pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key;
  return (pressed.shiftKey ? SHIFTED : PLAIN)[key] ?? null;
}

export interface Help {
  keys: string[];
  does: string;
  /** Only for who is signed in to the session's project, not on a shared page or in a file. */
  own?: true;
}

/** What the help sheet says, in its order. */
export const HELP: readonly Help[] = [
  { keys: ['Space'], does: 'Play or pause' },
  { keys: ['←', '→'], does: 'Back or forward 5 seconds' },
  { keys: ['Shift ←', 'Shift →'], does: 'Previous or next event' },
  { keys: ['↑', '↓'], does: 'Faster or slower' },
  { keys: ['e', 'Shift e'], does: 'Next or previous error' },
  { keys: ['Home', 'End'], does: 'Beginning or end' },
  { keys: ['[', ']'], does: 'Begin or end a range here; it is played in a loop' },
  { keys: ['/'], does: 'Find in this session; Enter and Shift Enter go from hit to hit' },
  { keys: ['c'], does: 'Comment at the playhead', own: true },
  { keys: ['b'], does: 'Set a bookmark, or take it away', own: true },
  { keys: ['Esc'], does: 'Let go of the range' },
  { keys: ['l'], does: 'Follow a session that is being recorded' },
  { keys: ['f'], does: 'Full screen' },
  { keys: ['s'], does: 'Share', own: true },
  { keys: ['?'], does: 'This help' },
];
