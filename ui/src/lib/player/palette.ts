/** The tokens' colours as a canvas needs them: resolved. Read again when the scheme changes. */

import type { EventType } from '../types';

export interface Palette {
  ground: string;
  line: string;
  shade: string;
  ink: string;
  quiet: string;
  error: string;
  kinds: Record<EventType, string>;
}

export function paletteOf(host: HTMLElement): Palette {
  const probe = document.createElement('span');
  host.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette: Palette = {
    ground: read('ground'),
    line: read('line'),
    shade: read('shade'),
    ink: read('ink-2'),
    quiet: read('ink-3'),
    error: read('kind-error'),
    kinds: {
      interaction: read('kind-interaction'),
      step: read('kind-step'),
      user_action: read('kind-user_action'),
      code_context: read('kind-code_context'),
      system_metrics: read('kind-system_metrics'),
      workspace_state: read('kind-workspace_state'),
      feedback: read('kind-feedback'),
      gap: read('kind-gap'),
    },
  };
  probe.remove();
  return palette;
}

/** Call `changed` whenever the colour scheme changes; returns how to stop. */
export function onScheme(changed: () => void): () => void {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const chosen = new MutationObserver(changed);
  system.addEventListener('change', changed);
  chosen.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => {
    system.removeEventListener('change', changed);
    chosen.disconnect();
  };
}
