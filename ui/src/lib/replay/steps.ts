/** The tree of steps and calls: who called whom, and how long each took for itself. Pure. */

import type { Mark } from '../types';
import type { Recording } from './recording';

const DEEPEST = 64;
const MOST_CRITICAL = 10_000;

/** One line of a tree that is shown. */
export interface TreeLine {
  mark: Mark;
  depth: number;
}

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

  /** The outermost ancestor. */
  root(mark: Mark): Mark {
    return this.path(mark)[0] as Mark;
  }

  /**
   * The ids on the critical path of `root`: what one has to make quicker to make it quicker. From its end backwards, each
   * stretch belongs to the child that ended last before it; what overlaps that child was not waited for.
   */
  criticalPath(root: Mark): Set<string> {
    const path = new Set<string>();
    const open = [root];
    for (let mark = open.pop(); mark; mark = open.pop()) {
      if (path.has(mark.id) || path.size >= MOST_CRITICAL) continue;
      path.add(mark.id);
      open.push(...this.waitedFor(mark));
    }
    return path;
  }

  private waitedFor(mark: Mark): Mark[] {
    const found: Mark[] = [];
    let until = mark.end;
    for (const child of [...this.children(mark)].sort((a, b) => b.end - a.end || a.at - b.at)) {
      if (child.end > until || child.end <= mark.at) continue;
      found.push(child);
      until = child.at;
    }
    return found;
  }

  /**
   * The tree under `root` as lines from top to bottom, the children of what is not `open` left out, at most `most` of them.
   * O(lines).
   */
  lines(root: Mark, open: (mark: Mark) => boolean, most: number): TreeLine[] {
    const lines: TreeLine[] = [];
    const waiting: TreeLine[] = [{ mark: root, depth: 0 }];
    const seen = new Set<string>();
    for (let line = waiting.pop(); line && lines.length < most; line = waiting.pop()) {
      const { mark, depth } = line;
      if (seen.has(mark.id)) continue;
      seen.add(mark.id);
      lines.push(line);
      if (!open(mark) || depth >= DEEPEST) continue;
      for (const child of [...this.children(mark)].reverse()) waiting.push({ mark: child, depth: depth + 1 });
    }
    return lines;
  }

  /** From when to when something of the tree under `root` was going on: what a call asked for may begin when it is over. */
  stretch(root: Mark): { at: number; end: number } {
    let { at, end } = root;
    for (const { mark } of this.lines(root, () => true, MOST_CRITICAL)) {
      at = Math.min(at, mark.at);
      end = Math.max(end, mark.end);
    }
    return { at, end };
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
