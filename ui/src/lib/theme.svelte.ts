/** The colour scheme: the system's, unless somebody chose one. `public/theme.js` applies a choice before the first paint. */

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'playhead.theme';
const NEXT: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };

let chosen = $state<Theme>(remembered());

export const theme = {
  get chosen(): Theme {
    return chosen;
  },
  /** Go on to the next of system, light, dark, and remember it. */
  turn(): void {
    theme.choose(NEXT[chosen]);
  },
  /** Choose a scheme, and remember it. */
  choose(wanted: Theme): void {
    chosen = wanted;
    if (chosen === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
  },
};

function remembered(): Theme {
  const now = document.documentElement.dataset.theme;
  return now === 'light' || now === 'dark' ? now : 'system';
}
