/** The saved views of this browser, as reactive state. The server knows no people, so a view travels as a link. */
import { readViews, withView, type SavedView } from './views';

const KEY = 'playhead.views';

let all = $state.raw<readonly SavedView[]>(readViews(kept()));

export const savedViews = {
  get all(): readonly SavedView[] {
    return all;
  },
  save(name: string, query: string): void {
    keep(withView(all, name, query));
  },
  remove(name: string): void {
    keep(all.filter((view) => view.name !== name));
  },
};

function kept(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function keep(views: readonly SavedView[]): void {
  all = views;
  try {
    localStorage.setItem(KEY, JSON.stringify(views));
  } catch {
    // Storage may be forbidden or full; the views then last as long as the page.
  }
}

// Another window of this browser has saved or removed one.
window.addEventListener('storage', (event) => {
  if (event.key === KEY) all = readViews(event.newValue);
});
