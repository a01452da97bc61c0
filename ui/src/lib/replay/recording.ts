/**
 * A recording as the player holds it: marks in order, and the arrays that answer "what is there at this moment?" by binary
 * search. Grows by pages and by live events. Pure: no network, no clock, no page.
 */

import type { Mark, PlayerData, Timeline } from '../types';
import { idleSpans, type Idle } from './idle';
import type { Hole, PageSum } from './pages';
import { countBelow, countUpTo } from './search';
import { sumCalls, type Totals, type RunningTotals, totalsAt, totalsBefore } from './totals';

/** What is behind a first page, as one hole: what the whole session comes to, less what is here. */
export function holeBehind(first: PlayerData, here: readonly Mark[]): Hole[] {
  if (first.next === null) return [];
  const start = here.reduce((last, mark) => Math.max(last, mark.end), 0) + JUST_BEHIND_MS;
  const moments = here.filter(isMoment);
  const calls = sumCalls(moments);
  const known = totalsAt(calls, Infinity);
  const lanes = first.lanes.filter((lane) => lane.key !== 'system_metrics');
  const { totalCost, totalTokens, totalInteractions } = first.summary;
  const left = (all: number, loaded: number): number => Math.max(0, all - loaded);
  const page: PageSum = {
    start,
    end: Math.max(start, first.duration),
    events: left(first.summary.totalEvents, here.length),
    moments: left(lanes.reduce((all, lane) => all + lane.count, 0), moments.length),
    errors: left(lanes.reduce((all, lane) => all + lane.errors, 0), moments.filter((mark) => mark.error).length),
    calls: left(totalInteractions, known.calls),
    cost: left(totalCost, known.cost),
    inputTokens: left(totalTokens.input, known.inputTokens),
    outputTokens: left(totalTokens.output, known.outputTokens),
  };
  return [{ start, end: page.end, pages: [page], after: null }];
}

/** Every mark of a page of the player's data, in no particular order. */
export function marksOf(page: Pick<PlayerData, 'timeline' | 'codeSnapshots'>): Mark[] {
  const timeline: Timeline = page.timeline;
  return [
    ...timeline.aiInteractions,
    ...timeline.steps,
    ...timeline.userActions,
    ...timeline.systemMetrics,
    ...timeline.feedback,
    ...timeline.workspaceStates,
    ...timeline.gaps,
    ...page.codeSnapshots,
  ];
}

/** What the inspector and the conversation walk through; metrics are curves, not moments. */
function isMoment(mark: Mark): boolean {
  return mark.type !== 'system_metrics';
}

/** What is not here begins behind the last that is. */
const JUST_BEHIND_MS = 0.001;

/** What is recorded when it is over comes after what it called; of two that share their whole stretch the later one called. */
const byStart = (a: Mark, b: Mark): number => a.at - b.at || b.end - a.end || (a.end > a.at ? b.seq - a.seq : a.seq - b.seq);
const byEnd = (a: Mark, b: Mark): number => a.end - b.end || a.seq - b.seq;

export class Recording {
  /** Moments (everything but metrics) by completion: the order of "event k of n". */
  readonly moments: readonly Mark[];
  /** Moments by beginning: the order of the conversation. */
  readonly started: readonly Mark[];
  /** Metric samples in time order. */
  readonly samples: readonly Mark[];
  readonly errors: readonly Mark[];
  /** Code contexts in time order. */
  readonly codes: readonly Mark[];
  /** Where a recorder lost events. */
  readonly gaps: readonly Mark[];
  /** Calls that have begun and are not over. */
  readonly pending: readonly Mark[];
  readonly idle: readonly Idle[];
  /** Milliseconds from the start to the end of whatever ends last. */
  readonly duration: number;
  readonly startTimes: Float64Array;
  readonly endTimes: Float64Array;
  readonly sampleTimes: Float64Array;
  private readonly errorTimes: Float64Array;
  private readonly codeTimes: Float64Array;
  private readonly ids: Map<string, Mark>;
  private readonly calls: RunningTotals;
  private readonly awaited: readonly PageSum[];

  private constructor(
    marks: Iterable<Mark>,
    duration: number,
    /** Stretches of which the marks are not here, in order; what looks idle there need not be. */
    readonly holes: readonly Hole[],
  ) {
    this.ids = new Map();
    // A page that was under way when a call was completed live does not undo that.
    for (const mark of marks) {
      const known = mark.pending && this.ids.get(mark.id);
      if (!known || known.pending) this.ids.set(mark.id, mark);
    }
    const all = [...this.ids.values()];
    this.moments = all.filter(isMoment).sort(byEnd);
    this.started = [...this.moments].sort(byStart);
    this.samples = all.filter((mark) => !isMoment(mark)).sort(byStart);
    this.errors = this.moments.filter((mark) => mark.error);
    this.codes = this.moments.filter((mark) => mark.type === 'code_context');
    this.gaps = this.moments.filter((mark) => mark.type === 'gap');
    this.pending = this.moments.filter((mark) => mark.pending);
    this.startTimes = Float64Array.from(this.started, (mark) => mark.at);
    this.endTimes = Float64Array.from(this.moments, (mark) => mark.end);
    this.sampleTimes = Float64Array.from(this.samples, (mark) => mark.at);
    this.errorTimes = Float64Array.from(this.errors, (mark) => mark.end);
    this.codeTimes = Float64Array.from(this.codes, (mark) => mark.end);
    this.duration = Math.max(duration, this.endTimes.at(-1) ?? 0, this.sampleTimes.at(-1) ?? 0);
    const pages = holes.flatMap((hole) => hole.pages);
    this.calls = sumCalls(this.moments, pages);
    this.awaited = pages;
    const happened = this.moments.map((mark) => busy(mark, this.duration));
    this.idle = idleSpans([...happened, ...holes.map(({ start, end }) => ({ start, end }))], this.duration);
  }

  static empty(duration = 0): Recording {
    return new Recording([], duration, []);
  }

  static of(marks: Iterable<Mark>, duration = 0, holes: readonly Hole[] = []): Recording {
    return new Recording(marks, duration, holes);
  }

  /** The recording with `marks` added; a mark that is known already (same id) is replaced, never doubled. O(n log n). */
  with(marks: readonly Mark[], duration = 0, holes = this.holes): Recording {
    return new Recording([...this.moments, ...this.samples, ...marks], Math.max(this.duration, duration), holes);
  }

  /** The recording when it is over, with its last marks and the length that the server says. */
  over(marks: readonly Mark[], duration: number): Recording {
    return new Recording([...this.moments, ...this.samples, ...marks], duration, this.holes);
  }

  get size(): number {
    return this.ids.size;
  }

  /** Whether there are marks that are not here. */
  get partial(): boolean {
    return this.holes.length > 0;
  }

  /** How many moments there are, with those that are not here as far as they were counted. */
  get count(): number {
    return this.moments.length + sum(this.awaited, 'moments');
  }

  get errorCount(): number {
    return this.errors.length + sum(this.awaited, 'errors');
  }

  /** The hole that a moment lies in. */
  holeAt(t: number): Hole | undefined {
    return this.holes.find((hole) => t >= hole.start && t <= hole.end);
  }

  /** The first hole that lies between two moments, from `from` on; `to` may be the earlier one. */
  holeBetween(from: number, to: number, has?: 'moments' | 'errors'): Hole | undefined {
    const [low, high] = [Math.min(from, to), Math.max(from, to)];
    const between = this.holes.filter((hole) => hole.end > low && hole.start < high && (!has || hole.pages.some((page) => page[has] > 0)));
    return from <= to ? between[0] : between.at(-1);
  }

  /** The moment behind which everything up to `t` is here. */
  knownFrom(t: number): number {
    return this.holes.findLast((hole) => hole.end <= t)?.end ?? 0;
  }

  /** The hole right before a mark, when the one before it is on the other side. */
  holeBefore(mark: Mark, before: Mark | undefined): Hole | undefined {
    return this.holes.findLast((hole) => hole.end <= mark.end && (!before || before.end <= hole.start));
  }

  byId(id: string): Mark | undefined {
    return this.ids.get(id);
  }

  /** The mark's number among the moments, from 0; -1 when it is none. */
  placeOf(mark: Mark): number {
    const { seq, end } = this.ids.get(mark.id) ?? mark;
    return placeAmong(this.moments, seq, countBelow(this.endTimes, end), countUpTo(this.endTimes, end));
  }

  /** The mark's number among all moments, from 1, with those before it that are not here; 0 when it is none. */
  numberOf(mark: Mark): number {
    return this.placeOf(mark) + 1 + sum(this.awaited.filter((page) => page.end <= mark.end), 'moments');
  }

  /** The mark's number among the rows of the conversation, from 0; -1 when it is none. */
  rowOf(mark: Mark): number {
    const { seq, at } = this.ids.get(mark.id) ?? mark;
    return placeAmong(this.started, seq, countBelow(this.startTimes, at), countUpTo(this.startTimes, at));
  }

  /** How many moments have begun by `t`: the first so many of `started`. */
  begunBy(t: number): number {
    return countUpTo(this.startTimes, t);
  }

  /** How many moments began before `t`. */
  begunBefore(t: number): number {
    return countBelow(this.startTimes, t);
  }

  /** The moment that began last by `t`, or the first of all. */
  at(t: number): Mark | undefined {
    return this.started[Math.max(0, this.begunBy(t) - 1)];
  }

  /** The first moment that completes after `t`. */
  after(t: number): Mark | undefined {
    return this.moments[countUpTo(this.endTimes, t)];
  }

  /** The last moment that completed before `t`. */
  before(t: number): Mark | undefined {
    return this.moments[countBelow(this.endTimes, t) - 1];
  }

  /** The moment `step` places after (or before) `mark`, staying inside. */
  beside(mark: Mark, step: number): Mark | undefined {
    const place = this.placeOf(mark);
    return place < 0 ? undefined : this.moments[Math.max(0, Math.min(this.moments.length - 1, place + step))];
  }

  errorAfter(t: number): Mark | undefined {
    return this.errors[countUpTo(this.errorTimes, t)];
  }

  errorBefore(t: number): Mark | undefined {
    return this.errors[countBelow(this.errorTimes, t) - 1];
  }

  /** The latest metrics sample at `t`. */
  sampleAt(t: number): Mark | undefined {
    return this.samples[countUpTo(this.sampleTimes, t) - 1];
  }

  /** What the calls that have completed by `t` came to. */
  totalsAt(t: number): Totals {
    return totalsAt(this.calls, t);
  }

  /** What the calls that completed before `t` came to. */
  totalsBefore(t: number): Totals {
    return totalsBefore(this.calls, t);
  }

  /** How many moments, and how many errors among them, completed from `start` to `end`, both included. */
  countIn(start: number, end: number): { events: number; errors: number } {
    const inside = this.awaited.filter((page) => page.start >= start && page.end <= end);
    return {
      events: countUpTo(this.endTimes, end) - countBelow(this.endTimes, start) + sum(inside, 'moments'),
      errors: countUpTo(this.errorTimes, end) - countBelow(this.errorTimes, start) + sum(inside, 'errors'),
    };
  }

  /** The code that was open at `t`: the latest context by then. */
  codeAt(t: number): Mark | undefined {
    return this.codes[countUpTo(this.codeTimes, t) - 1];
  }

  /** The context of the same file before this one, looking at most `reach` contexts back. */
  codeBefore(mark: Mark, reach = 2_000): Mark | undefined {
    const last = countUpTo(this.codeTimes, mark.end) - 1;
    for (let i = last; i >= Math.max(0, last - reach); i--) {
      const one = this.codes[i] as Mark;
      if (one.name === mark.name && (one.end < mark.end || one.seq < mark.seq)) return one;
    }
    return undefined;
  }

  /** The idle stretch that `t` lies in. */
  idleAt(t: number): Idle | undefined {
    return this.idle.find((one) => t > one.start && t < one.end);
  }
}

const sum = (pages: readonly PageSum[], member: 'moments' | 'errors'): number =>
  pages.reduce((all, page) => all + page[member], 0);

/** Where the mark of this seq is among `marks` from `first` to before `last`, which share a moment; -1 when it is not. */
function placeAmong(marks: readonly Mark[], seq: number, first: number, last: number): number {
  for (let place = first; place < last; place++) {
    if (marks[place]?.seq === seq) return place;
  }
  return -1;
}

function busy(mark: Mark, until: number): { start: number; end: number; firstToken: number | null } {
  const end = Math.max(mark.at, until);
  if (mark.pending) return { start: mark.at, end, firstToken: end };
  return { start: mark.at, end: mark.end, firstToken: firstTokenAt(mark) };
}

/** The moment at which a call began to answer, in ms from the session's start; null when that is not known. */
export function firstTokenAt(mark: Mark): number | null {
  return mark.firstToken == null ? null : Math.min(mark.at + mark.firstToken, mark.end);
}
