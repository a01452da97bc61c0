/** Saved views of the session list, as a browser keeps them: a name and a query. Pure: text in, text out. */

export interface SavedView {
  name: string;
  /** The list's query: filters and order. */
  query: string;
}

export const MOST_VIEWS = 50;
export const LONGEST_NAME = 80;

/** Read what was kept; whatever is not of its kind is left out. */
export function readViews(text: string | null): SavedView[] {
  let found: unknown;
  try {
    found = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(found) ? found.filter(isView).slice(0, MOST_VIEWS) : [];
}

function isView(value: unknown): value is SavedView {
  if (typeof value !== 'object' || value === null) return false;
  const { name, query } = value as Partial<Record<keyof SavedView, unknown>>;
  return typeof name === 'string' && name !== '' && typeof query === 'string';
}

/** The views with one more, by name; one of the same name is replaced. The newest of too many stay. */
export function withView(views: readonly SavedView[], name: string, query: string): SavedView[] {
  const short = name.trim().slice(0, LONGEST_NAME);
  const others = views.filter((view) => view.name !== short);
  const all = short ? [...others, { name: short, query }] : others;
  return all.sort((a, b) => a.name.localeCompare(b.name)).slice(-MOST_VIEWS);
}

/** What of a list's address makes its view: everything but the place in it, in one order, so that equal views are equal. */
export function viewOf(query: URLSearchParams): string {
  const view = new URLSearchParams(query);
  view.delete('page');
  view.delete('cursor');
  view.sort();
  return view.toString();
}

/** The address of a view. */
export const viewPath = (view: SavedView): string => (view.query ? `/sessions?${view.query}` : '/sessions');
