/** The tree of steps and calls: who called whom, and how long each took for itself. Pure. */

import type { Mark } from '../types';
import type { Recording } from './recording';

const DEEPEST = 64;

export class StepTree {
  private readonly below = new Map<string, Mark[]>();

  constructor(private readonly recording: Recording) {
    for (const mark of recording.started) {
      if (!mark.parentId || mark.parentId === mark.id) continue;
      const siblings = this.below.get(mark.parentId);
      if (siblings) siblings.push(mark);
      else this.below.set(mark.parentId, [mark]);
    }
  }

  children(mark: Mark): readonly Mark[] {
    return this.below.get(mark.id) ?? [];
  }

  /** From the outermost ancestor down to `mark` itself. A parent that is missing or that leads round in a circle ends it. */
  path(mark: Mark): Mark[] {
    const path = [mark];
    const seen = new Set([mark.id]);
    for (let at: Mark | undefined = mark; at?.parentId && path.length < DEEPEST; ) {
      at = this.recording.byId(at.parentId);
      if (!at || seen.has(at.id)) break;
      seen.add(at.id);
      path.unshift(at);
    }
    return path;
  }

  depth(mark: Mark): number {
    return this.path(mark).length - 1;
  }

  /** Milliseconds in which none of its children was running. */
  selfTime(mark: Mark): number {
    let covered = 0;
    let until = mark.at;
    for (const child of this.children(mark)) {
      const start = Math.max(child.at, until);
      const end = Math.min(child.end, mark.end);
      if (end <= start) continue;
      covered += end - start;
      until = end;
    }
    return Math.max(0, mark.end - mark.at - covered);
  }
}
