/** The columns of the session list: one definition for its head and its rows. */
import type { SortBy } from '../../lib/types';

export interface Column {
  key: string;
  name: string;
  sort?: SortBy;
  number?: boolean;
  /** Its name is for screen readers only. */
  unseen?: true;
}

export const COLUMNS: readonly Column[] = [
  { key: 'status', name: 'Status', unseen: true },
  { key: 'label', name: 'Session' },
  { key: 'activity', name: 'Activity' },
  { key: 'feature', name: 'Feature' },
  { key: 'user', name: 'User' },
  { key: 'started', name: 'Started', sort: 'startedAt' },
  { key: 'duration', name: 'Duration', sort: 'duration', number: true },
  { key: 'calls', name: 'Calls', sort: 'interactions', number: true },
  { key: 'tokens', name: 'Tokens', sort: 'tokens', number: true },
  { key: 'cost', name: 'Cost', sort: 'cost', number: true },
  { key: 'errors', name: 'Errors', sort: 'errors', number: true },
  { key: 'models', name: 'Models' },
  { key: 'menu', name: 'Menu', unseen: true },
];

export type Lines = 1 | 2 | 3;

/** How many lines a row has in a list of this width in CSS pixels; styles/list.css says what stands in them. */
export const linesOf = (width: number): Lines => (width <= 640 ? 3 : width <= 1020 ? 2 : 1);

/** How high a row is, with the rule under it. */
export const ROW_HEIGHTS: Record<Lines, number> = { 1: 34, 2: 52, 3: 76 };
