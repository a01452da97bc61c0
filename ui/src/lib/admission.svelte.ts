/** Whether a shared link lets this visitor in. Owns no markup; the player loads the session itself. */
import { ApiError, getSharedEvents, unlockShare } from './api';

export type AdmissionState = 'asking' | 'open' | 'password' | 'sign-in' | 'gone' | 'failed';

const STATES: Record<string, AdmissionState> = { password_required: 'password', sign_in_required: 'sign-in' };

export class Admission {
  state = $state<AdmissionState>('asking');
  /** What the visitor should read beside the form, or why the server failed. */
  message = $state<string | null>(null);

  constructor(readonly token: string) {}

  /** Ask for a single event: enough to know, and to be counted as one view. */
  async ask(): Promise<void> {
    this.state = 'asking';
    try {
      await getSharedEvents(this.token, new URLSearchParams({ limit: '1' }));
      this.state = 'open';
    } catch (reason) {
      this.#refused(reason);
    }
  }

  /** Try a password. */
  async unlock(password: string): Promise<void> {
    this.message = null;
    try {
      await unlockShare(this.token, password);
    } catch (reason) {
      this.#refusedPassword(reason);
      return;
    }
    await this.ask();
  }

  #refused(reason: unknown): void {
    if (!(reason instanceof ApiError)) throw reason;
    this.message = null;
    this.state = STATES[reason.code] ?? (reason.status === 404 || reason.status === 403 ? 'gone' : 'failed');
    if (this.state === 'failed') this.message = reason.message;
  }

  #refusedPassword(reason: unknown): void {
    if (!(reason instanceof ApiError)) throw reason;
    if (reason.status === 404) this.state = 'gone';
    else if (reason.status === 401) this.message = 'This is not the password.';
    else if (reason.status === 429) this.message = 'Too many attempts. Wait a minute, then try again.';
    else this.message = reason.message;
  }
}
