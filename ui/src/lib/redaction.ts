/** What a project has redacted, as a form edits it. Pure: asks no server, owns no markup. */
import type { AllowedPattern, NamedPattern, RedactionData, RedactionKind } from './types';

export const KINDS: readonly { kind: RedactionKind; name: string; example: string }[] = [
  { kind: 'email', name: 'E-mail addresses', example: 'ann@example.com' },
  { kind: 'phone', name: 'Phone numbers', example: '+1 (415) 555-2671' },
  { kind: 'card', name: 'Payment cards', example: '4111 1111 1111 1111' },
  { kind: 'iban', name: 'Bank accounts', example: 'DE89 3704 0044 0532 0130 00' },
  { kind: 'ssn', name: 'Social security numbers', example: '078-05-1120' },
  { kind: 'ip', name: 'IP addresses', example: '192.168.1.20' },
  { kind: 'api_key', name: 'Keys of services', example: 'sk-proj-abcDEF1234567890' },
  { kind: 'jwt', name: 'Signed tokens', example: 'eyJhbGciOiJI….eyJzdWIi….abcd' },
  { kind: 'private_key', name: 'Private keys', example: '-----BEGIN PRIVATE KEY-----' },
];
export const MOST_PATTERNS = 32;

/** The form's fields: lists as the texts that people type. */
export interface Draft {
  enabled: boolean;
  kinds: RedactionKind[];
  names: string;
  patterns: NamedPattern[];
  allow: string;
}

export const draftOf = (rules: RedactionData): Draft => ({
  enabled: rules.enabled,
  kinds: KINDS.map((each) => each.kind).filter((kind) => rules.kinds.includes(kind)),
  names: rules.secretNames.join(', '),
  patterns: rules.patterns.map((each) => ({ ...each })),
  allow: rules.allow.map((each) => (typeof each === 'string' ? each : `/${each.pattern}/`)).join('\n'),
});

const parts = (text: string, separator: RegExp): string[] =>
  text
    .split(separator)
    .map((part) => part.trim())
    .filter(Boolean);

const allowed = (line: string): string | AllowedPattern =>
  line.length > 2 && line.startsWith('/') && line.endsWith('/') ? { pattern: line.slice(1, -1) } : line;

/** What the form says, as the server takes it: rows without name and pattern are left out. */
export const rulesOf = (draft: Draft): RedactionData => ({
  enabled: draft.enabled,
  kinds: [...draft.kinds],
  secretNames: parts(draft.names, /[,\n]/),
  patterns: draft.patterns.filter((each) => each.name || each.pattern).map((each) => ({ ...each })),
  allow: parts(draft.allow, /\n/).map(allowed),
});

export const isSame = (one: RedactionData, other: RedactionData): boolean =>
  JSON.stringify(rulesOf(draftOf(one))) === JSON.stringify(rulesOf(draftOf(other)));

/** A failure's field and sentence: which row of which list it is about, as the form numbers them. */
export interface Wrong {
  list: 'patterns' | 'secretNames' | 'allow' | null;
  row: number;
  message: string;
}

const PLACE = /(patterns|secretNames|allow)(?:\[(\d+)\])?/;
const OF: Record<string, string> = { patterns: 'Pattern', secretNames: 'Name', allow: 'Line' };

/** What the server says is wrong, in words that name the row; rows are counted as they stand in what was sent. */
export function wrongOf(message: string, details: unknown): Wrong {
  const [first] = Array.isArray(details) ? (details as { field?: string; message?: string }[]) : [];
  const place = PLACE.exec(first?.field ?? '');
  const list = (place?.[1] ?? null) as Wrong['list'];
  if (!first?.message || !list) return { list: null, row: -1, message };
  const row = place?.[2] === undefined ? -1 : Number(place[2]);
  return { list, row, message: row < 0 ? first.message : `${OF[list]} ${row + 1}: ${first.message}` };
}
