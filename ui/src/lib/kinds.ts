/** The words for the kinds of event. Their colours are the tokens `--kind-…`. */
import type { EventType } from './types';

export const KIND_NAMES: Record<EventType, string> = {
  interaction: 'call',
  user_action: 'user action',
  code_context: 'code',
  system_metrics: 'metrics',
  workspace_state: 'workspace',
  step: 'step',
  feedback: 'feedback',
  gap: 'gap',
};
