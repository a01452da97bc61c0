import { describe, expect, it } from 'vitest';
import { auditQuery, beside, deed, GROUPS, shortId, who } from './audit';
import type { AuditEntry } from './types';

const entry = (members: Partial<AuditEntry>): AuditEntry => ({
  no: 1,
  at: '2026-11-22T09:00:00Z',
  action: 'session.view',
  actor: { kind: 'key', id: 'k1', label: 'laptop' },
  target: { kind: 'session', id: 's1', sessionId: 's1' },
  address: '127.0.0.1',
  agent: '',
  details: {},
  outcome: 'ok',
  reason: null,
  ...members,
});

describe('an entry in words', () => {
  it('says what was done, or that it was refused', () => {
    expect(deed(entry({}))).toBe('Viewed a session');
    expect(deed(entry({ action: 'sign-in', outcome: 'refused' }))).toBe('Was not let in');
    expect(deed(entry({ action: 'later.thing' as AuditEntry['action'] }))).toBe('later.thing');
  });

  it('says who, as far as that is known', () => {
    expect(who(entry({}))).toBe('laptop');
    expect(who(entry({ actor: { kind: 'key', id: 'k1', label: '' } }))).toBe('k1');
    expect(who(entry({ actor: { kind: 'key', id: '', label: '' } }))).toBe('somebody unknown');
    expect(who(entry({ actor: { kind: 'share', id: 'x', label: '' } }))).toBe('visitor of a link');
    expect(who(entry({ actor: { kind: 'server', id: '', label: '' } }))).toBe('the server');
    expect(who(entry({ actor: { kind: 'command-line', id: 'ada', label: 'playhead keys create' } }))).toBe('ada, playhead keys create');
  });

  it('says the rest in one line, without what says nothing', () => {
    const details = { accessLevel: 'team', maxViews: null, redact: false, filters: ['userId', 'tag'], label: '', before: { days: 3 } };
    expect(beside(entry({ details, reason: 'why' }))).toBe('why · access level team · redact no · filters userId, tag · before {"days":3}');
    expect(beside(entry({ details: { filters: [] } }))).toBe('');
  });
});

describe('a change of the settings', () => {
  it('says what was and what is, of what differs', () => {
    const retention = { before: { days: 7, keepBookmarked: true }, after: { days: 30, keepBookmarked: true } };
    const redaction = { before: null, after: { enabled: true, kinds: null } };
    expect(beside(entry({ action: 'settings.change', details: { retention, redaction } }))).toBe(
      'retention days 7 → 30 · redaction enabled not set → yes',
    );
    expect(beside(entry({ details: { retention: { before: retention.before, after: null }, timeout: { before: 60, after: 90 } } }))).toBe(
      'retention {"days":7,"keepBookmarked":true} → not set · timeout 60 → 90',
    );
  });
});

describe('an id', () => {
  it('keeps what tells it from others', () => {
    expect(shortId('key_ql35lu44u27z4yyq')).toBe('key_ql35lu44u27z4yyq');
    expect(shortId('inapp_chat_1795391771_abcdefgh')).toBe('inapp_chat_1…abcdefgh');
  });
});

describe('what the log is asked for', () => {
  it('is everything, or what was chosen', () => {
    expect(auditQuery({ group: -1, from: null, actor: null }).toString()).toBe('');
    const links = GROUPS.findIndex((group) => group.name === 'Links');
    expect(auditQuery({ group: links, from: '2026-01-01T00:00:00Z', actor: 'k1' }).getAll('action')).toContain('share.open');
    expect(auditQuery({ group: -1, from: '2026-01-01T00:00:00Z', actor: 'k1' }).get('actor')).toBe('k1');
  });
});
