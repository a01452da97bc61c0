/** The filters of list, search, stats and export: how each is named, entered and shown. Pure: a query in, a query out. */
import { count, duration, moment, money } from './format';
import type { FacetName } from './types';

/** How a filter is entered: free text, one of its values, yes or no, a number from/to, a moment from/to, or any metadata. */
export type FilterKind = 'text' | 'choice' | 'yes-no' | 'range' | 'dates' | 'metadata';

export interface FilterField {
  key: string;
  label: string;
  kind: FilterKind;
  /** Wire names: one, or of a range the lower and the upper. */
  names: readonly [string] | readonly [string, string];
  facet?: FacetName;
  choices?: readonly string[];
  /** How one unit of what is typed relates to the wire's unit, and how a value is shown. */
  unit?: { says: string; factor: number; show: (value: number) => string };
  says?: { yes: string; no: string };
}

const dollars = { says: 'US dollars', factor: 1, show: money };
const tokens = { says: 'tokens', factor: 1, show: count };
const seconds = { says: 'seconds', factor: 1000, show: duration };
const calls = { says: 'calls', factor: 1, show: count };

export const FIELDS: readonly FilterField[] = [
  { key: 'status', label: 'Status', kind: 'choice', names: ['status'], facet: 'status', choices: ['active', 'completed', 'error'] },
  { key: 'appFeature', label: 'Feature', kind: 'choice', names: ['appFeature'], facet: 'feature' },
  { key: 'aiModel', label: 'Model', kind: 'choice', names: ['aiModel'], facet: 'model' },
  { key: 'provider', label: 'Provider', kind: 'text', names: ['provider'] },
  { key: 'userId', label: 'User', kind: 'choice', names: ['userId'], facet: 'user' },
  { key: 'tag', label: 'Tag', kind: 'choice', names: ['tag'], facet: 'tag' },
  {
    key: 'source',
    label: 'Source',
    kind: 'choice',
    names: ['source'],
    facet: 'source',
    choices: ['in-app', 'integration', 'telemetry', 'manual', 'unified', 'import'],
  },
  { key: 'started', label: 'Started', kind: 'dates', names: ['startDate', 'endDate'] },
  { key: 'hasErrors', label: 'Errors', kind: 'yes-no', names: ['hasErrors'], says: { yes: 'with errors', no: 'without errors' } },
  { key: 'cost', label: 'Cost', kind: 'range', names: ['minCost', 'maxCost'], unit: dollars },
  { key: 'tokens', label: 'Tokens', kind: 'range', names: ['minTokens', 'maxTokens'], unit: tokens },
  { key: 'duration', label: 'Duration', kind: 'range', names: ['minDuration', 'maxDuration'], unit: seconds },
  { key: 'interactions', label: 'Calls', kind: 'range', names: ['minInteractions'], unit: calls },
  { key: 'label', label: 'Label', kind: 'text', names: ['label'] },
  { key: 'workspaceId', label: 'Workspace', kind: 'text', names: ['workspaceId'] },
  { key: 'bookmarked', label: 'Bookmark', kind: 'yes-no', names: ['bookmarked'], says: { yes: 'bookmarked', no: 'not bookmarked' } },
  { key: 'metadata', label: 'Metadata', kind: 'metadata', names: ['metadata.'] },
];

const ALIASES: Record<string, string> = {
  feature: 'appFeature',
  from: 'startDate',
  to: 'endDate',
  model: 'aiModel',
  searchQuery: 'search',
  q: 'search',
};
const NAMES = new Set(
  FIELDS.filter((field) => field.kind !== 'metadata')
    .flatMap((field) => field.names as readonly string[])
    .concat('search'),
);

/** Only the filters of a query, under their first names; what is empty or no filter is left out. */
export function filtersOf(query: URLSearchParams): URLSearchParams {
  const filters = new URLSearchParams();
  for (const [given, value] of query) {
    const name = ALIASES[given] ?? given;
    if (value === '' || !(NAMES.has(name) || isMetadata(name))) continue;
    if (name === 'tag') filters.append(name, value);
    else filters.set(name, value);
  }
  return filters;
}

const isMetadata = (name: string): boolean => name.startsWith('metadata.') && name.length > 'metadata.'.length;

/** One filter that is set, as a chip shows it. `removes` are the wire names it stands for; a tag goes by its value. */
export interface Chip {
  id: string;
  field: FilterField;
  text: string;
  names: readonly string[];
  value?: string;
}

/** The chips of a query, in the order of FIELDS; full-text search has its own box and no chip. */
export function chipsOf(query: URLSearchParams, now?: Date): Chip[] {
  const filters = filtersOf(query);
  return FIELDS.flatMap((field) => chipsOfField(field, filters, now));
}

function chipsOfField(field: FilterField, filters: URLSearchParams, now?: Date): Chip[] {
  if (field.kind === 'metadata') {
    return [...filters].filter(([name]) => isMetadata(name)).map(([name, value]) => metadataChip(field, name, value));
  }
  if (field.key === 'tag') {
    return filters.getAll('tag').map((value) => ({ id: `tag=${value}`, field, text: value, names: ['tag'], value }));
  }
  const values = field.names.map((name) => filters.get(name));
  if (values.every((value) => value === null)) return [];
  return [{ id: field.key, field, text: textOf(field, values, now), names: field.names }];
}

const metadataChip = (field: FilterField, name: string, value: string): Chip => ({
  id: name,
  field,
  text: `${name.slice('metadata.'.length)} = ${value}`,
  names: [name],
});

function textOf(field: FilterField, [low = null, high = null]: (string | null)[], now?: Date): string {
  if (field.kind === 'yes-no') return (low === 'true' ? field.says?.yes : field.says?.no) ?? '';
  if (field.kind !== 'range' && field.kind !== 'dates') return low ?? '';
  const show = (value: string): string =>
    field.kind === 'dates' ? showMoment(value, now) : field.unit && Number.isFinite(Number(value)) ? field.unit.show(Number(value)) : value;
  if (low !== null && high !== null) return low === high ? show(low) : `${show(low)} to ${show(high)}`;
  if (low !== null) return field.kind === 'dates' ? `since ${show(low)}` : `≥ ${show(low)}`;
  return field.kind === 'dates' ? `until ${show(high ?? '')}` : `≤ ${show(high ?? '')}`;
}

/** A date alone is a whole UTC day and is shown as it stands. */
const showMoment = (value: string, now?: Date): string =>
  /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : moment(/^\d+$/.test(value) ? new Date(Number(value)) : value, now);

/** The query with some members set (null removes); page members are dropped, since another filter is another list. */
export function withValues(query: URLSearchParams, values: Record<string, string | null>): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [alias, name] of Object.entries(ALIASES)) {
    const value = next.get(alias);
    if (value === null) continue;
    next.delete(alias);
    if (!next.has(name)) next.set(name, value);
  }
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === '') next.delete(name);
    else next.set(name, value);
  }
  next.delete('page');
  next.delete('cursor');
  return next;
}

/** The query without what a chip stands for. */
export function withoutChip(query: URLSearchParams, chip: Chip): URLSearchParams {
  const next = withValues(query, {});
  for (const name of chip.names) next.delete(name, chip.value);
  return next;
}

/** The query with one more tag; a tag that is there already stays once. */
export function withTag(query: URLSearchParams, tag: string): URLSearchParams {
  const next = withValues(query, {});
  if (!next.has('tag', tag)) next.append('tag', tag);
  return next;
}

/** The query with one value of a field switched on, or off when it is on. */
export function toggled(query: URLSearchParams, field: FilterField, value: string): URLSearchParams {
  const [name] = field.names;
  if (!isOn(query, field, value)) return field.key === 'tag' ? withTag(query, value) : withValues(query, { [name]: value });
  const next = withValues(query, {});
  next.delete(name, value);
  return next;
}

/** Whether one value of a field is set. */
export const isOn = (query: URLSearchParams, field: FilterField, value: string): boolean =>
  filtersOf(query).has(field.names[0], value);

/** The query without any filter; what else stands in it stays. */
export function withoutFilters(query: URLSearchParams): URLSearchParams {
  const next = withValues(query, {});
  for (const name of [...next.keys()]) if (NAMES.has(name) || isMetadata(name)) next.delete(name);
  return next;
}

/** The list's address with filters, for a number that links to the sessions behind it. */
export function listPath(query: URLSearchParams, values: Record<string, string | null> = {}): string {
  const text = withValues(filtersOf(query), values).toString();
  return text ? `/sessions?${text}` : '/sessions';
}
