/** The columns of the session list: one definition for its head and its rows. */
import type { SortBy } from '../../lib/types';

export interface Column {
  key: string;
  name: string;
  sort?: SortBy;
  number?: boolean;
}

export const COLUMNS: readonly Column[] = [
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
  { key: 'menu', name: '' },
];

export const ROW_HEIGHT = 34;
export const CARD_HEIGHT = 60;
