/** Entries of the audit log, in words. Pure. */
import type { AuditAction, AuditEntry } from './types';

/** What each action is called, done and refused. */
const ACTIONS: Record<AuditAction, [done: string, refused?: string]> = {
  'sign-in': ['Signed in', 'Was not let in'],
  'session.view': ['Viewed a session'],
  'session.change': ['Changed a session'],
  'session.erase': ['Erased a session'],
  'session.export': ['Exported a session'],
  'sessions.export': ['Exported many sessions'],
  search: ['Searched'],
  'share.create': ['Made a link'],
  'share.revoke': ['Revoked a link'],
  'share.unlock': ['Unlocked a link', 'Did not unlock a link'],
  'share.open': ['Opened a link'],
  'key.create': ['Made a key'],
  'key.revoke': ['Revoked a key'],
  'settings.change': ['Changed the settings'],
  'note.create': ['Wrote a note'],
  'note.change': ['Changed a note'],
  'note.delete': ['Removed a note'],
  'audit.read': ['Read this log'],
  'audit.export': ['Exported this log'],
};

/** The groups that a reader may choose, each with the actions in it. */
export const GROUPS: readonly { name: string; actions: readonly AuditAction[] }[] = [
  { name: 'Signing in', actions: ['sign-in'] },
  { name: 'Viewing and searching', actions: ['session.view', 'search'] },
  { name: 'Exports', actions: ['session.export', 'sessions.export', 'audit.export'] },
  { name: 'Changes of sessions', actions: ['session.change', 'note.create', 'note.change', 'note.delete'] },
  { name: 'Erasing', actions: ['session.erase'] },
  { name: 'Links', actions: ['share.create', 'share.revoke', 'share.unlock', 'share.open'] },
  { name: 'Keys and settings', actions: ['key.create', 'key.revoke', 'settings.change'] },
  { name: 'This log', actions: ['audit.read', 'audit.export'] },
];

/** What was done; an action that this page does not know yet by its name. */
export function deed(entry: AuditEntry): string {
  const [done, refused = done] = (ACTIONS as Partial<typeof ACTIONS>)[entry.action] ?? [entry.action];
  return entry.outcome === 'refused' ? refused : done;
}

/** Who did it. */
export function who({ actor }: AuditEntry): string {
  if (actor.kind === 'share') return 'visitor of a link';
  if (actor.kind === 'server') return actor.label || 'the server';
  if (actor.kind === 'command-line') return actor.id ? `${actor.id}, ${actor.label}` : actor.label;
  return actor.label || actor.id || 'somebody unknown';
}

/** What there is to say beside it, in one line. */
export function beside(entry: AuditEntry): string {
  const said = Object.entries(entry.details)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => (isChange(value) ? changed(words(name), value) : `${words(name)} ${text(value)}`));
  return [...(entry.reason ? [entry.reason] : []), ...said].join(' · ');
}

/** A member's name as words: accessLevel is access level. */
const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** What something was and is. */
interface Change {
  before: unknown;
  after: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const isChange = (value: unknown): value is Change => isObject(value) && 'before' in value && 'after' in value;

/** A change in words, of an object its members that differ: retention days 7 → 30. */
function changed(name: string, { before, after }: Change): string {
  if (!isObject(after)) return `${name} ${text(before)} → ${text(after)}`;
  const then = isObject(before) ? before : {};
  return Object.entries(after)
    .filter(([member, now]) => text(now) !== text(then[member]))
    .map(([member, now]) => `${name} ${words(member)} ${text(then[member])} → ${text(now)}`)
    .join(' · ');
}

function text(value: unknown): string {
  if (value === null || value === undefined) return 'not set';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (Array.isArray(value)) return value.map(text).join(', ');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}

/** An id that fits into a column: its beginning and its end, which tell it from others. */
export const shortId = (id: string): string => (id.length > 24 ? `${id.slice(0, 12)}…${id.slice(-8)}` : id);

/** What a reader asks the log for: a group by its place (-1: everything), since when, and whose entries. */
export interface AuditWish {
  group: number;
  from: string | null;
  actor: string | null;
}

/** The query that asks for it. */
export function auditQuery({ group, from, actor }: AuditWish): URLSearchParams {
  const query = new URLSearchParams((GROUPS[group]?.actions ?? []).map((action) => ['action', action]));
  if (from) query.set('from', from);
  if (actor !== null) query.set('actor', actor);
  return query;
}
