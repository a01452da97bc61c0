/** What each kind of event is called and looks like, in one place. */

import Activity from '@lucide/svelte/icons/activity';
import Bot from '@lucide/svelte/icons/bot';
import Box from '@lucide/svelte/icons/box';
import FileCode from '@lucide/svelte/icons/file-code';
import Globe from '@lucide/svelte/icons/globe';
import Layers from '@lucide/svelte/icons/layers';
import MessageSquare from '@lucide/svelte/icons/message-square';
import MousePointerClick from '@lucide/svelte/icons/mouse-pointer-click';
import Search from '@lucide/svelte/icons/search';
import Star from '@lucide/svelte/icons/star';
import Unplug from '@lucide/svelte/icons/unplug';
import Workflow from '@lucide/svelte/icons/workflow';
import Wrench from '@lucide/svelte/icons/wrench';
import { plural } from '../format';
import type { EventType, Mark, StepKind } from '../types';

type Icon = typeof Box;

const NAMES: Record<EventType, string> = {
  interaction: 'Model call',
  step: 'Step',
  user_action: 'User action',
  code_context: 'Code',
  system_metrics: 'Metrics',
  workspace_state: 'Workspace',
  feedback: 'Feedback',
  gap: 'Gap',
};

const ICONS: Record<EventType, Icon> = {
  interaction: MessageSquare,
  step: Box,
  user_action: MousePointerClick,
  code_context: FileCode,
  system_metrics: Activity,
  workspace_state: Layers,
  feedback: Star,
  gap: Unplug,
};

const STEPS: Record<StepKind, { name: string; icon: Icon }> = {
  tool: { name: 'Tool', icon: Wrench },
  retrieval: { name: 'Retrieval', icon: Search },
  agent: { name: 'Agent', icon: Bot },
  chain: { name: 'Chain', icon: Workflow },
  http: { name: 'HTTP', icon: Globe },
  custom: { name: 'Step', icon: Box },
};

/** Tool, Agent, Model call, …; never empty. */
export function kindName(mark: Mark): string {
  return mark.type === 'step' ? STEPS[mark.kind ?? 'custom'].name : NAMES[mark.type];
}

export function kindIcon(mark: Mark): Icon {
  return mark.type === 'step' ? STEPS[mark.kind ?? 'custom'].icon : ICONS[mark.type];
}

/** The custom property of a kind's hue. */
export function hue(type: EventType): string {
  return `var(--kind-${type})`;
}

/** What stands for the event where there is one line for it. */
export function titleOf(mark: Mark): string {
  if (mark.type === 'interaction') return mark.model ?? 'model';
  if (mark.type === 'gap') return `${plural(mark.count ?? 0, 'event')} lost`;
  if (mark.type === 'feedback' && mark.name) return `score ${mark.name}`;
  return mark.name || mark.preview || NAMES[mark.type];
}
