/** The links of the whole project, loaded a page at a time. Owns no markup. */
import { ApiError, listProjectShares, revokeShare } from './api';
import type { ProjectShare } from './types';

const PAGE = 50;

export class ProjectShares {
  all = $state.raw<ProjectShare[]>([]);
  total = $state(0);
  ready = $state(false);
  busy = $state(false);
  failure = $state<string | null>(null);
  /** Also those that can no longer be opened. */
  past = $state(false);

  /** Load from the beginning. */
  load(): Promise<void> {
    return this.attempt(async () => this.take(1, []));
  }

  more(): Promise<void> {
    return this.attempt(async () => this.take(Math.floor(this.all.length / PAGE) + 1, this.all));
  }

  show(past: boolean): Promise<void> {
    this.past = past;
    return this.load();
  }

  /** End a link at once. */
  revoke(share: ProjectShare): Promise<void> {
    return this.attempt(async () => {
      await revokeShare(share.sessionId, share.shareId);
      await this.take(1, []);
    });
  }

  private async take(page: number, before: readonly ProjectShare[]): Promise<void> {
    const answer = await listProjectShares({ page, limit: PAGE, ...(this.past ? {} : { active: true }) });
    const known = new Set(before.map((share) => share.shareId));
    this.all = [...before, ...answer.data.filter((share) => !known.has(share.shareId))];
    this.total = answer.pagination.total;
    this.ready = true;
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.failure = null;
    try {
      await action();
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      this.failure = reason.message;
    } finally {
      this.busy = false;
    }
  }
}
