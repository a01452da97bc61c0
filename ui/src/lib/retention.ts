/** Retention in words and numbers: what the form holds, and what is asked and said of it. Pure. */
import { count, plural } from './format';
import type { RetentionPreview, SettingsChanges, SettingsData } from './types';

export const MOST_DAYS = 36_500;
export const LEAST_MINUTES = 1;
export const MOST_MINUTES = 10_080;

/** What the form's fields hold; a field of numbers that is empty or no number holds null. */
export interface RetentionFields {
  erases: boolean;
  days: number | null;
  keepBookmarked: boolean;
  minutes: number | null;
}

/** The days that are offered to someone who has never had any. */
const USUAL_DAYS = 30;

export function fieldsOf(settings: SettingsData): RetentionFields {
  const { days, keepBookmarked } = settings.retention;
  return { erases: days !== null, days: days ?? USUAL_DAYS, keepBookmarked, minutes: settings.sessionTimeoutSeconds / 60 };
}

/** What is wrong with the fields, in a sentence; nothing when they can be saved. */
export function problemOf(fields: RetentionFields): string | null {
  const { days, minutes } = fields;
  if (fields.erases && (days === null || !Number.isInteger(days) || days < 1 || days > MOST_DAYS))
    return `Days are a whole number from 1 to ${count(MOST_DAYS)}.`;
  if (minutes === null || minutes < LEAST_MINUTES || minutes > MOST_MINUTES)
    return `Silence is from ${LEAST_MINUTES} to ${count(MOST_MINUTES)} minutes, a week.`;
  return null;
}

/** What differs from the settings, and only that: the server's own setting counts on where nothing was changed. */
export function changesOf(fields: RetentionFields, settings: SettingsData): SettingsChanges {
  const days = fields.erases ? fields.days : null;
  const seconds = Math.round((fields.minutes ?? 0) * 60);
  const { retention, sessionTimeoutSeconds } = settings;
  const changed = days !== retention.days || (days !== null && fields.keepBookmarked !== retention.keepBookmarked);
  return {
    ...(changed ? { retention: { days, keepBookmarked: fields.keepBookmarked } } : {}),
    ...(seconds === sessionTimeoutSeconds ? {} : { sessionTimeoutSeconds: seconds }),
  };
}

export const older = (days: number): string => `older than ${plural(days, 'day')}`;

/** The question before anything is erased. */
export function question(preview: RetentionPreview, days: number): string {
  return `Erase ${plural(preview.sessions, 'session')} ${older(days)}?`;
}
