/** Which page a path asks for, and the path of each page. Pure: `location.svelte.ts` holds the browser's side. */

export type Route =
  | { page: 'sessions' }
  | { page: 'player'; sessionId: string }
  | { page: 'search' }
  | { page: 'stats' }
  | { page: 'compare' }
  | { page: 'settings' }
  | { page: 'shared'; token: string }
  | { page: 'not-found' };

const PLAYER = '/sessions/replay/';
const SHARED = '/shared/session/';

/** Return the route of a pathname; anything unknown, or badly percent-encoded, is `not-found`. */
export function routeOf(pathname: string): Route {
  const path = pathname.length > 1 ? pathname.replace(/\/+$/, '') : pathname;
  if (path === '/' || path === '/sessions') return { page: 'sessions' };
  if (path === '/search') return { page: 'search' };
  if (path === '/stats') return { page: 'stats' };
  if (path === '/compare') return { page: 'compare' };
  if (path === '/settings') return { page: 'settings' };
  const sessionId = lastSegment(path, PLAYER);
  if (sessionId) return { page: 'player', sessionId };
  const token = lastSegment(path, SHARED);
  if (token) return { page: 'shared', token };
  return { page: 'not-found' };
}

/** Return the player's address; `at` milliseconds or an event's id lead to a moment. */
export function playerPath(sessionId: string, moment: { at?: number; event?: string } = {}): string {
  const query = new URLSearchParams();
  if (moment.event !== undefined) query.set('event', moment.event);
  else if (moment.at !== undefined) query.set('t', String(Math.round(moment.at)));
  const text = query.toString();
  return PLAYER + encodeURIComponent(sessionId) + (text ? `?${text}` : '');
}

/** Return the address that lays two sessions beside each other; one that is null is still to be chosen. */
export function comparePath(a: string | null, b: string | null = null): string {
  const query = new URLSearchParams();
  if (a !== null) query.set('a', a);
  if (b !== null) query.set('b', b);
  const text = query.toString();
  return text ? `/compare?${text}` : '/compare';
}

function lastSegment(path: string, prefix: string): string | null {
  if (!path.startsWith(prefix)) return null;
  const rest = path.slice(prefix.length);
  if (!rest || rest.includes('/')) return null;
  try {
    return decodeURIComponent(rest);
  } catch {
    return null;
  }
}
