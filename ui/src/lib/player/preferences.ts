/** How somebody likes to play: speed, pace, skipping. Kept in this browser alone. */

import { isSpeed, SKIPS, type Playback } from '../replay/playback';

type Preferences = Pick<Playback, 'speed' | 'pace' | 'skip'>;

const KEY = 'playhead.player';
const PACES: unknown[] = ['time', 'events'];

/** What was remembered, as far as it still means something. */
export function recall(): Partial<Preferences> {
  const kept = stored();
  const found: Partial<Preferences> = {};
  if (isSpeed(kept.speed)) found.speed = kept.speed;
  if (PACES.includes(kept.pace)) found.pace = kept.pace as Preferences['pace'];
  if ((SKIPS as readonly unknown[]).includes(kept.skip)) found.skip = kept.skip as Preferences['skip'];
  return found;
}

export function remember(preferences: Preferences): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(preferences));
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function stored(): Record<string, unknown> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
