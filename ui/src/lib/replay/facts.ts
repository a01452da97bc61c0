/** What the inspector says about an event: its members sorted into what is known and what else was recorded. Pure. */

import { leastCost } from '../format';
import type { AnyEvent, UsualLatency } from '../types';

/** How a latency compares: below the usual middle, between it and the slow end, or beyond. */
export type Pace = 'quick' | 'usual' | 'slow' | null;

export function paceOf(latency: number | undefined, usual: UsualLatency | undefined): Pace {
  if (latency === undefined || usual?.p50 == null || usual.p95 == null) return null;
  if (latency > usual.p95) return 'slow';
  return latency <= usual.p50 ? 'quick' : 'usual';
}

const ENVELOPE = ['id', 'seq', 'type', 'timestamp', 'receivedAt'];
const SHOWN: Record<AnyEvent['type'], readonly string[]> = {
  interaction: [
    'model', 'provider', 'prompt', 'response', 'tokens', 'cost', 'costSource', 'latency', 'timeToFirstToken', 'parameters',
    'requestMetadata', 'responseMetadata', 'error', 'pending', 'parentId',
  ],
  step: ['name', 'kind', 'parentId', 'input', 'output', 'latency', 'status', 'error'],
  user_action: ['action', 'target', 'metadata'],
  code_context: ['file', 'snippet', 'language', 'cursorPosition', 'metadata'],
  system_metrics: ['cpu', 'memory', 'activeRequests', 'network', 'metadata'],
  workspace_state: ['environment', 'settings', 'activeFiles', 'metadata'],
  feedback: ['score', 'comment', 'interactionId'],
  gap: ['count', 'reasons', 'from', 'until'],
};

/** Members that no part of the inspector shows by itself; null when there are none. */
export function otherMembers(event: AnyEvent): Record<string, unknown> | null {
  const shown = new Set([...ENVELOPE, ...SHOWN[event.type]]);
  const rest = Object.entries(event).filter(([name, value]) => !shown.has(name) && value !== undefined);
  return rest.length ? Object.fromEntries(rest) : null;
}

/** What a session or a part of it cost, as far as prices are known: without any there is no figure to say. */
export function spent(cost: number, unpriced: number): string {
  return unpriced && !cost ? 'cost unknown' : leastCost(cost, unpriced);
}

/** Why events were lost, on one line: `58 queue full, 3 too large`. */
export function reasonsOf(reasons: Record<string, number> | null | undefined): string {
  const words = Object.entries(reasons ?? {}).sort(([, a], [, b]) => b - a);
  return words.map(([reason, count]) => `${count} ${reason.replaceAll('_', ' ')}`).join(', ');
}

const HEAD: readonly string[] = [...ENVELOPE, 'name', 'kind', 'parentId', 'action', 'file', 'count', 'score', 'cpu', 'memory', 'activeRequests'];

/** True when an event has members to show beside those in its head and those that are shown as others. */
export function saysMore(event: AnyEvent): boolean {
  return Object.entries(event).some(([name, value]) => SHOWN[event.type].includes(name) && !HEAD.includes(name) && says(value));
}

/** True for what is worth a section: not absent, not empty. */
export function says(value: unknown): boolean {
  if (value == null || value === '') return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
