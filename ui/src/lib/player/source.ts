/** Where a player's recording comes from: a session of one's own project, or a shared link. The same shapes, two addresses. */

import {
  getEvents,
  getOutline,
  getPlayer,
  getSharedEvents,
  getSharedOutline,
  getSharedPlayer,
  liveAddress,
  type PageWanted,
  sharedLiveAddress,
} from '../api';
import { listNotes, type Note } from './notesApi';
import type { EventsAnswer, EventType, Outline, PlayerData } from '../types';

export interface EventsWanted {
  /** The seq behind which to begin, in time order; 0 is the beginning. */
  after: number;
  limit: number;
  types: readonly EventType[];
}

export interface Source {
  /** The session's id when it can be shared from here, null on a shared page. */
  readonly sessionId: string | null;
  /** Where live events come from. */
  readonly live: string;
  /** A page of marks; the first one unless another is wanted. */
  player(wanted?: PageWanted, signal?: AbortSignal): Promise<PlayerData>;
  /** The whole from afar, and the place of an event; a source that has none is read from front to back. */
  outline?(event: string | null, signal?: AbortSignal): Promise<Outline>;
  events(wanted: EventsWanted, signal?: AbortSignal): Promise<EventsAnswer>;
  /** What people wrote beside the session; a source that does not show it has none. */
  notes?(signal?: AbortSignal): Promise<Note[]>;
}

export function sessionSource(sessionId: string): Source {
  return {
    sessionId,
    live: liveAddress(sessionId),
    player: (wanted, signal) => getPlayer(sessionId, wanted, signal),
    outline: (event, signal) => getOutline(sessionId, event, signal),
    events: (wanted, signal) => getEvents(sessionId, queryOf(wanted), signal),
    notes: (signal) => listNotes(sessionId, signal),
  };
}

export function sharedSource(token: string): Source {
  return {
    sessionId: null,
    live: sharedLiveAddress(token),
    player: (wanted, signal) => getSharedPlayer(token, wanted, signal),
    outline: (event, signal) => getSharedOutline(token, event, signal),
    events: (wanted, signal) => getSharedEvents(token, queryOf(wanted), signal),
  };
}

function queryOf({ after, limit, types }: EventsWanted): URLSearchParams {
  const query = new URLSearchParams({ after: String(after), limit: String(limit) });
  for (const type of types) query.append('type', type);
  return query;
}
