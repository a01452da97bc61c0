import { expect, test } from 'vitest';
import { audience, standing, views } from './shares';
import type { ShareItem } from './types';

const share: ShareItem = {
  shareId: 'share_1',
  accessLevel: 'public',
  createdAt: '2026-01-01T00:00:00Z',
  expiresAt: '2026-01-08T00:00:00Z',
  revokedAt: null,
  maxViews: null,
  views: 1,
  redact: false,
  hasPassword: false,
  active: false,
};

test('a share says who may open it', () => {
  expect(audience(share)).toBe('anyone');
  expect(audience({ ...share, accessLevel: 'team', redact: true })).toBe('signed in, without personal data');
});

test('a share that is over says why', () => {
  expect(standing({ ...share, active: true })).toMatch(/^until /);
  expect(standing({ ...share, revokedAt: '2026-01-02T00:00:00Z' })).toBe('revoked');
  expect(standing({ ...share, maxViews: 1 })).toBe('used up');
  expect(standing(share)).toBe('expired');
});

test('a share says how often it was opened', () => {
  expect(views(share)).toBe('1 view');
  expect(views({ ...share, views: 1200 })).toBe('1,200 views');
  expect(views({ ...share, maxViews: 3 })).toBe('1 of 3 views');
});
