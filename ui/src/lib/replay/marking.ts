/**
 * A recorded event as a mark: what the server's `playhead.replay.timeline` does, for events that arrive live. Pure; held to the
 * same rules: an event's timestamp is its completion, and nothing stands before the session's start.
 */

import type { AnyEvent, Mark } from '../types';
import { previewOf, promptPreviewOf } from './previews';

const FAILED = new Set(['error', 'failed', 'failure']);

export function markOf(event: AnyEvent, startedAt: number): Mark {
  const completed = Math.max(0, Date.parse(event.timestamp) - startedAt);
  const end = event.type === 'gap' ? since(event.until, startedAt, completed) : completed;
  const latency = lasting(event);
  const mark: Mark = {
    seq: event.seq,
    id: event.id,
    type: event.type,
    at: event.type === 'gap' ? Math.min(end, since(event.from, startedAt, end)) : Math.max(0, end - (latency ?? 0)),
    end,
    error: failed(event),
  };
  if (latency !== undefined) mark.latency = latency;
  return Object.assign(mark, details(event));
}

/** A moment that a gap names, in ms from the start; `otherwise` when it names none. */
function since(moment: string | number | null | undefined, startedAt: number, otherwise: number): number {
  const at = typeof moment === 'string' ? Date.parse(moment) : (moment ?? NaN);
  return Number.isNaN(at) ? otherwise : Math.max(0, at - startedAt);
}

function lasting(event: AnyEvent): number | undefined {
  if (event.type === 'interaction' && event.pending) return undefined;
  return event.type === 'interaction' || event.type === 'step' ? (event.latency ?? undefined) : undefined;
}

function details(event: AnyEvent): Partial<Mark> {
  switch (event.type) {
    case 'interaction':
      return {
        pending: event.pending === true,
        model: event.model,
        parentId: typeof event.parentId === 'string' ? event.parentId : undefined,
        firstToken: event.timeToFirstToken ?? undefined,
        cost: event.cost ?? 0,
        costSource: event.costSource,
        inputTokens: event.tokens?.input,
        outputTokens: event.tokens?.output,
        preview: promptPreviewOf(event.prompt),
        responsePreview: previewOf(event.response),
      };
    case 'step':
      return { name: event.name, kind: event.kind, parentId: event.parentId ?? undefined };
    case 'user_action':
      return { name: event.action, preview: previewOf(event.target) };
    case 'code_context':
      return { name: event.file ?? undefined, preview: previewOf(event.snippet) };
    case 'system_metrics':
      return { cpu: event.cpu ?? undefined, memory: event.memory ?? undefined };
    case 'feedback':
      return { name: event.score == null ? undefined : String(event.score), preview: previewOf(event.comment) };
    case 'workspace_state':
      return { preview: previewOf(event.environment) };
    case 'gap':
      return { count: event.count, reasons: event.reasons ?? undefined };
  }
}

/** As the server judges: an error that is set, one in the response's metadata, or a status that says so. */
function failed(event: AnyEvent): boolean {
  if (event.type === 'step') return isSet(event.error) || saysFailed(event.status);
  if (event.type !== 'interaction' || event.pending) return false;
  const answer = event.responseMetadata ?? {};
  const statuses = [answer.status, answer.statusCode, answer.status_code];
  return isSet(event.error) || isSet(answer.error) || statuses.some(saysFailed);
}

function isSet(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

function saysFailed(status: unknown): boolean {
  if (typeof status === 'string') return FAILED.has(status.toLowerCase()) || /^[4-9]\d\d$/.test(status);
  return typeof status === 'number' && status >= 400;
}
