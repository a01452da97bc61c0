/** Comments and bookmarks on the server, and their shapes on the wire. */

import { BASE, call, json } from '../api';
import type { Answer } from '../types';

export type NoteKind = 'comment' | 'bookmark';

export interface NoteAuthor {
  keyId: string;
  label: string;
}

/** A comment or a bookmark; `at` in ms from the session's start. */
export interface Note {
  noteId: string;
  kind: NoteKind;
  at: number;
  text: string;
  eventId: string | null;
  author: NoteAuthor;
  createdAt: string;
  editor: NoteAuthor | null;
  editedAt: string | null;
}

export interface NewNote {
  kind: NoteKind;
  at: number;
  text: string;
  eventId?: string;
}

const of = (sessionId: string): string => `${BASE}/${encodeURIComponent(sessionId)}/notes`;
const one = (sessionId: string, noteId: string): string => `${of(sessionId)}/${encodeURIComponent(noteId)}`;

/** A session's notes by their moment. */
export const listNotes = async (sessionId: string, signal?: AbortSignal): Promise<Note[]> =>
  (await json<Answer<Note[]>>(of(sessionId), { signal })).data;

export const addNote = async (sessionId: string, note: NewNote): Promise<Note> =>
  (await json<Answer<Note>>(of(sessionId), { method: 'POST', body: note })).data;

export const editNote = async (sessionId: string, noteId: string, text: string): Promise<Note> =>
  (await json<Answer<Note>>(one(sessionId, noteId), { method: 'PATCH', body: { text } })).data;

export const deleteNote = async (sessionId: string, noteId: string): Promise<void> => {
  await call(one(sessionId, noteId), { method: 'DELETE' });
};
