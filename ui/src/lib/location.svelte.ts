/** The browser's address as reactive state. The only module that touches `history`. */
import { routeOf, type Route } from './router';

let pathname = $state(window.location.pathname);
let search = $state(window.location.search);
const route: Route = $derived(routeOf(pathname));
const query: URLSearchParams = $derived(new URLSearchParams(search));

/** The current route and query; reading them inside a component makes it follow the address. */
export const here = {
  get route(): Route {
    return route;
  },
  get query(): URLSearchParams {
    return query;
  },
  get path(): string {
    return pathname;
  },
};

/** Go to an address of this application, as a link would; `replace` leaves no entry in the history. */
export function navigate(href: string, { replace = false }: { replace?: boolean } = {}): void {
  const samePage = new URL(href, window.location.href).pathname === pathname;
  window.history[replace ? 'replaceState' : 'pushState'](null, '', href);
  readAddress();
  if (!samePage) window.scrollTo(0, 0);
}

/** Put a query into the address of the current page. */
export function setQuery(next: URLSearchParams, { replace = true }: { replace?: boolean } = {}): void {
  const text = next.toString();
  navigate(pathname + (text ? `?${text}` : ''), { replace });
}

/** Let plain clicks on links of this origin change the page without loading it again. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element | null)?.closest('a');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== window.location.origin) return;
  if (!link.getAttribute('href')?.startsWith('/') || routeOf(link.pathname).page === 'not-found') return;
  event.preventDefault();
  navigate(link.pathname + link.search + link.hash);
}

function readAddress(): void {
  pathname = window.location.pathname;
  search = window.location.search;
}

window.addEventListener('popstate', readAddress);
