/** The audit log as far as it has been read: newest first, a page at a time. Owns no markup. */
import { ApiError, readAudit } from './api';
import { auditQuery, type AuditWish } from './audit';
import type { AuditEntry } from './types';

const PAGE = 50;

export class AuditLog {
  all = $state.raw<AuditEntry[]>([]);
  total = $state(0);
  ready = $state(false);
  busy = $state(false);
  failure = $state<string | null>(null);
  wish = $state.raw<AuditWish>({ group: -1, from: null, actor: null });
  private next: string | null = null;
  private asked = 0;

  /** Whether there are entries before those that are shown. */
  get goesOn(): boolean {
    return this.all.length < this.total;
  }

  /** Read from the newest entry on. */
  load(): Promise<void> {
    return this.take(null);
  }

  more(): Promise<void> {
    return this.take(this.next);
  }

  /** Ask for other entries. */
  choose(change: Partial<AuditWish>): Promise<void> {
    this.wish = { ...this.wish, ...change };
    return this.load();
  }

  private async take(cursor: string | null): Promise<void> {
    const asked = ++this.asked;
    this.busy = true;
    this.failure = null;
    const query = auditQuery(this.wish);
    query.set('limit', String(PAGE));
    if (cursor) query.set('cursor', cursor);
    try {
      const answer = await readAudit(query);
      if (asked !== this.asked) return;
      this.all = cursor ? [...this.all, ...answer.data] : answer.data;
      this.total = answer.pagination.total;
      this.next = answer.pagination.nextCursor;
      this.ready = true;
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      if (asked === this.asked) this.failure = reason.message;
    } finally {
      if (asked === this.asked) this.busy = false;
    }
  }
}
