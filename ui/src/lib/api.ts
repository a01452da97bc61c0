/** Every call to the server. Pages use these functions and never `fetch`; a 401 is told to whoever listens. */
import type {
  Activity,
  Answer,
  AuditAnswer,
  Comparison,
  EventsAnswer,
  FacetsData,
  Failure,
  GroupBy,
  KeyItem,
  ListAnswer,
  NewKeyData,
  Outline,
  PlayerData,
  RedactedText,
  RedactionData,
  RetentionPreview,
  Scope,
  SearchAnswer,
  SessionItem,
  SettingsChanges,
  SettingsData,
  SharedData,
  ShareItem,
  ShareRequest,
  SharesAnswer,
  StatsData,
  WhoAmI,
} from './types';

export const BASE = '/api/session-replay';

/** An answer that was not a success; `status` 0 means that the server was not reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: unknown,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/** When the session was erased that an answer says is not there; null where it says nothing of the kind. */
export function erasureOf(reason: ApiError): string | null {
  const details = reason.details as { erasedAt?: unknown } | null | undefined;
  return reason.code === 'session_not_found' && typeof details?.erasedAt === 'string' ? details.erasedAt : null;
}

type Listener = () => void;
const signedOutListeners = new Set<Listener>();

/** Call `listener` whenever an answer says that nobody is signed in; returns how to stop. */
export function onSignedOut(listener: Listener): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

export interface CallOptions {
  method?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** A shared page and the sign-in form have their own use for a 401. */
  own401?: boolean;
}

/** Call the server and return its response; anything but 2xx is thrown as an ApiError. */
export async function call(path: string, options: CallOptions = {}): Promise<Response> {
  const { method = 'GET', body, signal, own401 = false } = options;
  const response = await reach(path, {
    method,
    signal: signal ?? null,
    credentials: 'same-origin',
    headers: body === undefined ? { Accept: 'application/json' } : { 'Content-Type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (response.ok) return response;
  if (response.status === 401 && !own401) for (const listener of signedOutListeners) listener();
  throw await failureOf(response);
}

/** Call the server and return the decoded answer. */
export async function json<T>(path: string, options?: CallOptions): Promise<T> {
  const response = await call(path, options);
  try {
    return (await response.json()) as T;
  } catch (reason) {
    if (isAbort(reason)) throw reason;
    throw new ApiError(0, 'unreadable', 'The answer could not be read; something other than Playhead may have given it.');
  }
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (reason) {
    if (reason instanceof DOMException && reason.name === 'AbortError') throw reason;
    throw new ApiError(0, 'unreachable', 'The server cannot be reached.');
  }
}

async function failureOf(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as Failure;
    return new ApiError(response.status, error.code, error.message, error.details);
  } catch {
    return new ApiError(response.status, 'unreadable', `The server answered ${response.status}.`);
  }
}

const withQuery = (path: string, query: URLSearchParams): string => {
  const text = query.toString();
  return text ? `${path}?${text}` : path;
};

const of = (sessionId: string): string => `${BASE}/${encodeURIComponent(sessionId)}`;

/** True for the error of a call that its own caller gave up. */
export const isAbort = (reason: unknown): boolean => reason instanceof DOMException && reason.name === 'AbortError';

// --- who --------------------------------------------------------------------------------------------------------------

export const whoAmI = async (): Promise<WhoAmI> => (await json<Answer<WhoAmI>>('/api/whoami')).data;

export const signIn = async (token: string): Promise<void> => {
  await call('/api/sign-in', { method: 'POST', body: { token }, own401: true });
};

export const signOut = async (): Promise<void> => {
  await call('/api/sign-out', { method: 'POST', own401: true });
};

// --- sessions ---------------------------------------------------------------------------------------------------------

export const listSessions = (query: URLSearchParams, signal?: AbortSignal): Promise<ListAnswer> =>
  json<ListAnswer>(withQuery(`${BASE}/list`, query), { signal });

export const getFacets = async (query: URLSearchParams, signal?: AbortSignal): Promise<FacetsData> =>
  (await json<Answer<FacetsData>>(withQuery(`${BASE}/facets`, query), { signal })).data;

export const search = (query: URLSearchParams, signal?: AbortSignal): Promise<SearchAnswer> =>
  json<SearchAnswer>(withQuery(`${BASE}/search`, query), { signal });

export const getStats = async (query: URLSearchParams, groupBy: GroupBy, signal?: AbortSignal): Promise<StatsData> => {
  const asked = new URLSearchParams(query);
  asked.set('groupBy', groupBy);
  return (await json<Answer<StatsData>>(withQuery(`${BASE}/stats`, asked), { signal })).data;
};

export const compareSessions = async (a: string, b: string, after: number, signal?: AbortSignal): Promise<Comparison> => {
  const query = new URLSearchParams({ a, b, after: String(after) });
  return (await json<Answer<Comparison>>(withQuery(`${BASE}/compare`, query), { signal })).data;
};

export const getActivity = async (sessionIds: readonly string[], signal?: AbortSignal): Promise<Activity[]> => {
  const query = new URLSearchParams(sessionIds.map((id) => ['id', id]));
  return (await json<Answer<Activity[]>>(withQuery(`${BASE}/activity`, query), { signal })).data;
};

/** Whether a session is there, at the price of one event. */
export async function hasSession(sessionId: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await getEvents(sessionId, new URLSearchParams({ limit: '1' }), signal);
    return true;
  } catch (reason) {
    if (reason instanceof ApiError && reason.status === 404) return false;
    throw reason;
  }
}

export const patchSession = async (sessionId: string, patch: object): Promise<SessionItem> =>
  (await json<Answer<SessionItem>>(of(sessionId), { method: 'PATCH', body: patch })).data;

export const eraseSession = async (sessionId: string): Promise<void> => {
  await call(of(sessionId), { method: 'DELETE' });
};

// --- the player -------------------------------------------------------------------------------------------------------

/** A page of marks: so many, behind the event of a seq. */
export interface PageWanted {
  after: number;
  limit: number;
}

/** The first page is small, so that there is soon something to see. */
const FIRST: PageWanted = { after: 0, limit: 2_000 };

const pageQuery = ({ after, limit }: PageWanted): URLSearchParams =>
  new URLSearchParams(after === 0 ? { limit: String(limit) } : { after: String(after), limit: String(limit) });

const outlineQuery = (event: string | null): URLSearchParams => new URLSearchParams(event === null ? {} : { event });

export const getOutline = async (sessionId: string, event: string | null, signal?: AbortSignal): Promise<Outline> =>
  (await json<Answer<Outline>>(withQuery(`${of(sessionId)}/outline`, outlineQuery(event)), { signal })).data;

export const getPlayer = async (sessionId: string, wanted = FIRST, signal?: AbortSignal): Promise<PlayerData> => {
  const query = pageQuery(wanted);
  return (await json<Answer<PlayerData>>(withQuery(`${of(sessionId)}/player`, query), { signal })).data;
};

export const getEvents = (sessionId: string, query: URLSearchParams, signal?: AbortSignal): Promise<EventsAnswer> =>
  json<EventsAnswer>(withQuery(`${of(sessionId)}/events`, query), { signal });

export const liveAddress = (sessionId: string): string => `${of(sessionId)}/live`;

// --- shares -----------------------------------------------------------------------------------------------------------

export const listShares = async (sessionId: string): Promise<ShareItem[]> =>
  (await json<Answer<ShareItem[]>>(`${of(sessionId)}/shares`)).data;

export const listProjectShares = (wanted: { page: number; limit: number; active?: boolean }): Promise<SharesAnswer> => {
  const query = new URLSearchParams(Object.entries(wanted).map(([name, value]) => [name, String(value)]));
  return json<SharesAnswer>(withQuery(`${BASE}/shares`, query));
};

export const share = async (sessionId: string, wanted: ShareRequest): Promise<SharedData> =>
  (await json<Answer<SharedData>>(`${of(sessionId)}/share`, { method: 'POST', body: wanted })).data;

export const revokeShare = async (sessionId: string, shareId: string): Promise<void> => {
  await call(`${of(sessionId)}/shares/${encodeURIComponent(shareId)}`, { method: 'DELETE' });
};

const shared = (token: string): string => `/api/shared/${encodeURIComponent(token)}`;

export const getSharedOutline = async (token: string, event: string | null, signal?: AbortSignal): Promise<Outline> => {
  const address = withQuery(`${shared(token)}/outline`, outlineQuery(event));
  return (await json<Answer<Outline>>(address, { signal, own401: true })).data;
};

export const getSharedPlayer = async (token: string, wanted = FIRST, signal?: AbortSignal): Promise<PlayerData> => {
  const query = pageQuery(wanted);
  return (await json<Answer<PlayerData>>(withQuery(`${shared(token)}/player`, query), { signal, own401: true })).data;
};

export const getSharedEvents = (token: string, query: URLSearchParams, signal?: AbortSignal): Promise<EventsAnswer> =>
  json<EventsAnswer>(withQuery(`${shared(token)}/events`, query), { signal, own401: true });

export const sharedLiveAddress = (token: string): string => `${shared(token)}/live`;

export const unlockShare = async (token: string, password: string): Promise<void> => {
  await call(`${shared(token)}/unlock`, { method: 'POST', body: { password }, own401: true });
};

// --- keys -------------------------------------------------------------------------------------------------------------

export const listKeys = async (): Promise<KeyItem[]> => (await json<Answer<KeyItem[]>>('/api/keys')).data;

export const createKey = async (wanted: { scope: Scope; label: string; expiresAt?: string }): Promise<NewKeyData> =>
  (await json<Answer<NewKeyData>>('/api/keys', { method: 'POST', body: wanted })).data;

export const revokeKey = async (keyId: string): Promise<void> => {
  await call(`/api/keys/${encodeURIComponent(keyId)}`, { method: 'DELETE' });
};

// --- redaction --------------------------------------------------------------------------------------------------------

const SETTINGS = `${BASE}/settings`;

export const getRedaction = async (): Promise<RedactionData> =>
  (await json<Answer<{ redaction: RedactionData }>>(SETTINGS)).data.redaction;

export const setRedaction = async (redaction: RedactionData): Promise<RedactionData> =>
  (await json<Answer<{ redaction: RedactionData }>>(SETTINGS, { method: 'PATCH', body: { redaction } })).data.redaction;

export const tryRedaction = async (rules: RedactionData, text: string, signal?: AbortSignal): Promise<string> =>
  (await json<Answer<RedactedText>>(`${SETTINGS}/redaction/preview`, { method: 'POST', body: { rules, text }, signal })).data.text;

// --- the audit log ----------------------------------------------------------------------------------------------------

export const readAudit = (query: URLSearchParams): Promise<AuditAnswer> => json<AuditAnswer>(withQuery(`${BASE}/audit`, query));

/** The address from which a browser saves the entries that a query asks for. */
export function auditAddress(query: URLSearchParams, format: 'csv' | 'ndjson'): string {
  const asked = new URLSearchParams(query);
  asked.set('format', format);
  return withQuery(`${BASE}/audit/export`, asked);
}

// --- settings ---------------------------------------------------------------------------------------------------------

export const getSettings = async (): Promise<SettingsData> => (await json<Answer<SettingsData>>(SETTINGS)).data;

export const changeSettings = async (changes: SettingsChanges): Promise<SettingsData> =>
  (await json<Answer<SettingsData>>(SETTINGS, { method: 'PATCH', body: changes })).data;

export const previewRetention = async (days: number, keepBookmarked: boolean, signal?: AbortSignal): Promise<RetentionPreview> => {
  const asked = new URLSearchParams({ days: String(days), keepBookmarked: String(keepBookmarked) });
  return (await json<Answer<RetentionPreview>>(`${SETTINGS}/retention/preview?${asked}`, { signal })).data;
};
