/** A project's retention and time-out on their way from the server into a form and back. Owns no markup. */
import { ApiError, changeSettings, getSettings, previewRetention } from './api';
import { changesOf, fieldsOf, problemOf, type RetentionFields } from './retention';
import type { RetentionPreview, SettingsData } from './types';

export class RetentionForm {
  fields = $state<RetentionFields | null>(null);
  /** What the fields would erase now; null where that is not known. */
  preview = $state.raw<RetentionPreview | null>(null);
  /** Set while somebody is asked whether that may go. */
  asking = $state(false);
  busy = $state(false);
  saved = $state(false);
  failure = $state<string | null>(null);
  readonly problem = $derived(this.fields && problemOf(this.fields));
  private settings = $state.raw<SettingsData | null>(null);
  readonly changed = $derived(this.fields && this.settings ? Object.keys(changesOf(this.fields, this.settings)).length > 0 : false);

  async load(): Promise<void> {
    await this.attempt(async () => {
      this.settings = await getSettings();
      this.fields = fieldsOf(this.settings);
    });
  }

  /** Ask what the fields would erase, until `signal` says that they are others. */
  async look(signal?: AbortSignal): Promise<void> {
    this.preview = null;
    const { fields } = this;
    if (!fields?.erases || fields.days === null || this.problem) return;
    try {
      const preview = await previewRetention(fields.days, fields.keepBookmarked, signal);
      if (!signal?.aborted) this.preview = preview;
    } catch (reason) {
      if (!signal?.aborted && !(reason instanceof ApiError)) throw reason;
    }
  }

  /** Save, or ask first where that erases anything; where nobody can say, nothing is saved. */
  async submit(): Promise<void> {
    if (this.problem || !this.changed || !this.settings || !this.fields) return;
    const { retention } = changesOf(this.fields, this.settings);
    if (retention?.days) {
      const { days, keepBookmarked } = retention;
      await this.attempt(async () => {
        this.preview = await previewRetention(days, keepBookmarked);
        this.asking = this.preview.sessions > 0;
      });
    }
    if (!this.asking && !this.failure) await this.save();
  }

  async save(): Promise<void> {
    const { fields, settings } = this;
    if (!fields || !settings) return;
    await this.attempt(async () => {
      this.settings = await changeSettings(changesOf(fields, settings));
      this.fields = fieldsOf(this.settings);
      this.asking = false;
      this.saved = true;
    });
  }

  private async attempt(action: () => Promise<void>): Promise<void> {
    this.busy = true;
    this.saved = false;
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
