import { describe, expect, it } from 'vitest';
import { changesOf, fieldsOf, problemOf, question } from './retention';
import type { SettingsData } from './types';

const SETTINGS: SettingsData = {
  retention: { days: 30, keepBookmarked: true },
  redaction: { enabled: false, kinds: [], secretNames: [], patterns: [], allow: [] },
  sessionTimeoutSeconds: 1800,
};
const FOR_GOOD: SettingsData = { ...SETTINGS, retention: { days: null, keepBookmarked: true } };

describe('retention', () => {
  it('changes nothing where nothing was changed', () => {
    expect(changesOf(fieldsOf(SETTINGS), SETTINGS)).toEqual({});
    expect(changesOf(fieldsOf(FOR_GOOD), FOR_GOOD)).toEqual({});
  });

  it('names what was changed and nothing else', () => {
    const fields = fieldsOf(SETTINGS);
    expect(changesOf({ ...fields, days: 7 }, SETTINGS)).toEqual({ retention: { days: 7, keepBookmarked: true } });
    expect(changesOf({ ...fields, keepBookmarked: false }, SETTINGS)).toEqual({ retention: { days: 30, keepBookmarked: false } });
    expect(changesOf({ ...fields, erases: false }, SETTINGS)).toEqual({ retention: { days: null, keepBookmarked: true } });
    expect(changesOf({ ...fields, minutes: 1.5 }, SETTINGS)).toEqual({ sessionTimeoutSeconds: 90 });
  });

  it('offers a month to a project that keeps everything', () => {
    expect(fieldsOf(FOR_GOOD)).toMatchObject({ erases: false, days: 30, minutes: 30 });
  });

  it('says what cannot be saved', () => {
    const fields = fieldsOf(SETTINGS);
    for (const days of [null, 0, 1.5, 36_501]) expect(problemOf({ ...fields, days })).toMatch('whole number');
    for (const minutes of [null, 0.5, 10_081]) expect(problemOf({ ...fields, minutes })).toMatch('a week');
    expect(problemOf({ ...fields, erases: false, days: null })).toBeNull();
    expect(problemOf(fields)).toBeNull();
  });

  it('asks in numbers', () => {
    expect(question({ sessions: 1240, interactions: 9, oldestStartedAt: null }, 30)).toBe('Erase 1,240 sessions older than 30 days?');
    expect(question({ sessions: 1, interactions: 9, oldestStartedAt: null }, 1)).toBe('Erase 1 session older than 1 day?');
  });
});
