/** The page of each route, loaded when it is first asked for, so that nobody waits for a page that they do not open. */
import type { Component } from 'svelte';
import type { Route } from './router';

type Loader = () => Promise<{ default: Component<Record<string, unknown>> }>;
const page = (load: () => Promise<unknown>): Loader => load as Loader;

export const pages: Record<Route['page'], Loader> = {
  sessions: page(() => import('../pages/Sessions.svelte')),
  player: page(() => import('../pages/Player.svelte')),
  search: page(() => import('../pages/Search.svelte')),
  stats: page(() => import('../pages/Stats.svelte')),
  compare: page(() => import('../pages/Compare.svelte')),
  settings: page(() => import('../pages/Settings.svelte')),
  shared: page(() => import('../pages/Shared.svelte')),
  'not-found': page(() => import('../pages/NotFound.svelte')),
};
