/** The form of a project's redaction: loads, keeps what is typed, saves it, and has it tried on a text. Owns no markup. */
import { ApiError, getRedaction, isAbort, setRedaction, tryRedaction } from './api';
import { draftOf, isSame, rulesOf, wrongOf, type Draft, type Wrong } from './redaction';
import type { RedactionData } from './types';

export class RedactionForm {
  draft = $state<Draft | null>(null);
  sample = $state('Write to ann@example.com or call +1 (415) 555-2671.');
  tried = $state<string | null>(null);
  wrong = $state.raw<Wrong | null>(null);
  failure = $state<string | null>(null);
  busy = $state(false);
  saved = $state(false);
  private kept = $state.raw<RedactionData | null>(null);
  private asking: AbortController | null = null;

  readonly changed = $derived(this.draft !== null && this.kept !== null && !isSame(rulesOf(this.draft), this.kept));

  async load(): Promise<void> {
    await this.attempt(async () => this.take(await getRedaction()));
  }

  async save(): Promise<void> {
    if (!this.draft) return;
    const wanted = rulesOf(this.draft);
    await this.attempt(async () => {
      this.take(await setRedaction(wanted));
      this.saved = true;
    });
  }

  undo(): void {
    if (this.kept) this.take(this.kept);
    this.wrong = this.failure = null;
  }

  /** Have the server say what these rules leave of the sample; the last question asked is the one that is answered. */
  async try(rules: RedactionData, sample: string): Promise<void> {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    try {
      this.tried = await tryRedaction(rules, sample, asking.signal);
      this.wrong = null;
    } catch (reason) {
      if (isAbort(reason)) return;
      if (!(reason instanceof ApiError)) throw reason;
      this.tried = null;
      this.wrong = wrongOf(reason.message, reason.details);
    }
  }

  private take(rules: RedactionData): void {
    this.kept = rules;
    this.draft = draftOf(rules);
    this.saved = false;
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.failure = null;
    try {
      await action();
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      const wrong = wrongOf(reason.message, reason.details);
      if (wrong.list) this.wrong = wrong;
      else this.failure = reason.message;
    } finally {
      this.busy = false;
    }
  }
}
