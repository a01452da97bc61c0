/** Where a player's recording comes from: a session of one's own project, or a shared link. The same shapes, two addresses. */

import { getEvents, getPlayer, getSharedEvents, getSharedPlayer, liveAddress, sharedLiveAddress } from '../api';
import type { EventsAnswer, EventType, PlayerData } from '../types';

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
  player(after?: number, signal?: AbortSignal): Promise<PlayerData>;
  events(wanted: EventsWanted, signal?: AbortSignal): Promise<EventsAnswer>;
}

export function sessionSource(sessionId: string): Source {
  return {
    sessionId,
    live: liveAddress(sessionId),
    player: (after, signal) => getPlayer(sessionId, after, signal),
    events: (wanted, signal) => getEvents(sessionId, queryOf(wanted), signal),
  };
}

export function sharedSource(token: string): Source {
  return {
    sessionId: null,
    live: sharedLiveAddress(token),
    player: (after, signal) => getSharedPlayer(token, after, signal),
    events: (wanted, signal) => getSharedEvents(token, queryOf(wanted), signal),
  };
}

function queryOf({ after, limit, types }: EventsWanted): URLSearchParams {
  const query = new URLSearchParams({ after: String(after), limit: String(limit) });
  for (const type of types) query.append('type', type);
  return query;
}
