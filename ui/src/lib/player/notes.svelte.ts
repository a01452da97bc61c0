/** The notes of a session as reactive state: what is written, what is being written, and what went wrong. */

import { ApiError, isAbort } from '../api';
import { addNote, deleteNote, editNote, type NewNote, type Note } from './notesApi';
import type { Source } from './source';

/** A comment that is being written, or a note that is being changed. */
export interface Draft {
  at: number;
  eventId: string | null;
  note: Note | null;
}

export class Notes {
  /** In order of their moments. */
  all = $state.raw<readonly Note[]>([]);
  draft = $state.raw<Draft | null>(null);
  failure = $state<string | null>(null);
  /** What was just done, for who cannot see it. */
  said = $state('');

  /** The session that is written beside; null where one may only read. */
  readonly sessionId: string | null;

  constructor(
    private readonly source: Source,
    private readonly signal: AbortSignal,
  ) {
    this.sessionId = source.sessionId;
  }

  async load(): Promise<void> {
    await this.attempt(async () => {
      this.all = (await this.source.notes?.(this.signal)) ?? [];
    });
  }

  /** The bookmark that stands exactly here. */
  bookmarkAt(at: number): Note | undefined {
    return this.all.find((note) => note.kind === 'bookmark' && Math.round(note.at) === Math.round(at));
  }

  /** Set a bookmark, or take away the one that stands there. */
  async bookmark(at: number, eventId: string | null): Promise<void> {
    const there = this.bookmarkAt(at);
    if (there) return void (await this.remove(there));
    await this.add({ kind: 'bookmark', at: Math.round(at), text: '', ...(eventId === null ? {} : { eventId }) });
  }

  /** True when it is written. */
  async add(note: NewNote): Promise<boolean> {
    return this.attempt(async () => {
      this.put(await addNote(this.written, note));
      this.said = note.kind === 'bookmark' ? 'Bookmark set' : 'Comment written';
    });
  }

  /** True when it is changed. */
  async edit(note: Note, text: string): Promise<boolean> {
    return this.attempt(async () => {
      this.put(await editNote(this.written, note.noteId, text));
      this.said = 'Changed';
    });
  }

  /** True when it is gone; one that somebody else removed before is gone too. */
  async remove(note: Note): Promise<boolean> {
    return this.attempt(async () => {
      await deleteNote(this.written, note.noteId).catch((reason: unknown) => {
        if (!(reason instanceof ApiError) || reason.status !== 404) throw reason;
      });
      this.all = this.all.filter((one) => one.noteId !== note.noteId);
      this.said = 'Removed';
    });
  }

  private get written(): string {
    if (this.sessionId === null) throw new ApiError(403, 'read_only', 'Here one may only read.');
    return this.sessionId;
  }

  private put(note: Note): void {
    const others = this.all.filter((one) => one.noteId !== note.noteId);
    this.all = [...others, note].sort((a, b) => a.at - b.at || a.createdAt.localeCompare(b.createdAt));
  }

  private async attempt(action: () => Promise<void>): Promise<boolean> {
    this.failure = null;
    try {
      await action();
      return true;
    } catch (reason) {
      if (isAbort(reason)) return false;
      if (!(reason instanceof ApiError)) throw reason;
      this.failure = reason.status === 403 ? 'Your key may read this session, but not write beside it.' : reason.message;
      return false;
    }
  }
}
