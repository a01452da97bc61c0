/** How a share is told to whoever made it. Pure. */
import { count, moment } from './format';
import type { ShareItem } from './types';

const LEVELS: Record<ShareItem['accessLevel'], string> = { public: 'anyone', password: 'password', team: 'signed in' };

/** Who may open it, and what they do not see. */
export function audience(share: ShareItem): string {
  return `${LEVELS[share.accessLevel]}${share.redact ? ', without personal data' : ''}`;
}

/** Until when it lasts, or why it no longer does. */
export function standing(share: ShareItem): string {
  if (share.active) return `until ${moment(share.expiresAt)}`;
  if (share.revokedAt) return 'revoked';
  return share.maxViews !== null && share.views >= share.maxViews ? 'used up' : 'expired';
}

/** How often it was opened, and how often it may be. */
export function views(share: ShareItem): string {
  const most = share.maxViews === null ? '' : ` of ${count(share.maxViews)}`;
  return `${count(share.views)}${most} ${share.views === 1 && share.maxViews === null ? 'view' : 'views'}`;
}
