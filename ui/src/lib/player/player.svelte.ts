/**
 * The player as reactive state: one recording, one playhead, what is selected and how loading stands. Components read it and
 * call its methods; what is visible at a moment is the engine's business (lib/replay), where data comes from the source's.
 */

import { ApiError, erasureOf, isAbort, patchSession } from '../api';
import type { Axis } from '../replay/axis';
import { markOf } from '../replay/marking';
import type { Moment } from '../replay/moment';
import type { Hole } from '../replay/pages';
import * as playback from '../replay/playback';
import { endingAt, rangeBetween, type Range, startingAt, totalsIn } from '../replay/range';
import { holeBehind, marksOf, Recording } from '../replay/recording';
import { StepTree } from '../replay/steps';
import type { AnyEvent, EventPlace, Mark, Outline, PlayerData, SessionItem, UsualLatency } from '../types';
import { Arrivals } from './arrivals';
import { Beat } from './beat';
import { Calm } from './calm.svelte';
import { EventCache } from './eventCache';
import { Finder } from './finder.svelte';
import { listen, type LiveState } from './liveStream';
import { Loader } from './loader';
import { Notes } from './notes.svelte';
import { recall, remember } from './preferences';
import type { Source } from './source';
import { Stepping } from './stepping';

export type Loading = 'loading' | 'ready' | 'missing' | 'erased' | 'locked' | 'offline';

const JUMP_MS = 5_000;
/** Beyond so many events live ones are taken in several at a time. */
const LARGE = 5_000;

export class Player {
  loading = $state<Loading>('loading');
  session = $state.raw<SessionItem | null>(null);
  recording = $state.raw(Recording.empty());
  latencies = $state.raw<UsualLatency[]>([]);
  live = $state<LiveState | null>(null);
  /** Why loading failed, in the server's words. */
  failure = $state<string | null>(null);
  /** When the session was erased, where that is why it is not there. */
  erasedAt = $state<string | null>(null);
  /** The event that somebody chose; until the playhead moves it is the current one. */
  chosen = $state.raw<Mark | null>(null);
  /** A stretch that somebody asked to see; the timeline's own zoom goes on from there. */
  shown = $state.raw<Range | null>(null);
  /** A long session from afar; null where it is not needed, or not known yet. */
  outline = $state.raw<Outline | null>(null);
  /** Where the event is that an address names is not known yet. */
  private locating = $state(false);
  private now = $state.raw(playback.parked(recall()));
  private texts = $state(0);

  readonly playing = $derived(this.now.playing);
  readonly following = $derived(this.now.following);
  readonly speed = $derived(this.now.speed);
  readonly pace = $derived(this.now.pace);
  readonly skip = $derived(this.now.skip);
  readonly t = $derived(this.now.t);
  private readonly calm = new Calm(() => this.t);
  /** The moment that conversation and inspector show: the playhead's, less often while it is dragged. */
  readonly read = $derived(this.calm.now);
  readonly range = $derived(this.now.range);
  readonly loop = $derived(this.now.loop);
  readonly duration = $derived(this.recording.duration);
  readonly active = $derived(this.session?.status === 'active' && this.live !== 'over');
  /** True while frames are needed. */
  readonly moving = $derived(this.playing || (this.following && this.t !== this.duration));
  readonly axis: Axis = $derived(playback.axisOf(this.recording, this.pace, this.skip));
  readonly tree = $derived(new StepTree(this.recording));
  /** What there is at the playhead is still on its way. */
  readonly waiting = $derived(this.locating || this.recording.holeAt(this.read) !== undefined);
  /** The event at the playhead. */
  readonly current: Mark | undefined = $derived(
    this.chosen ? (this.recording.byId(this.chosen.id) ?? this.chosen) : this.recording.at(this.read),
  );
  /** The moment that an address would name. */
  readonly resting: Moment = $derived.by(() => {
    if (this.locating) return this.wanted;
    return this.chosen ? { event: this.chosen.id } : this.t > 0 ? { t: this.t } : null;
  });
  readonly totals = $derived(this.recording.totalsAt(this.t));
  readonly rangeTotals = $derived(this.range ? totalsIn(this.recording, this.range) : null);
  /** Milliseconds between the playhead and the end of what is recorded so far. */
  readonly behind = $derived(this.duration - this.t);

  /** The texts of the moment at which it opened have come; before, what is drawn would move. */
  settled = $state(false);
  readonly finder: Finder;
  /** What people wrote beside the session; null where that is not to be seen. */
  readonly notes: Notes | null;
  private readonly cache: EventCache;
  private readonly leaving = new AbortController();
  private stopListening: (() => void) | null = null;
  private readonly arrivals: Arrivals;
  private readonly loader: Loader;
  private readonly stepping = new Stepping(this);
  /** While a call is pending the recording goes on although nothing arrives: its end is now. */
  private readonly beat: Beat;
  /** When the session started, on this page's own clock. */
  private origin = 0;

  constructor(
    readonly source: Source,
    private readonly wanted: Moment = null,
    range: Range | null = null,
  ) {
    if (range) this.now = { ...this.now, range };
    this.finder = new Finder(source, this.leaving.signal, () => this.recording);
    this.notes = source.notes ? new Notes(source, this.leaving.signal) : null;
    this.arrivals = new Arrivals((events) => this.takeIn(events), () => this.recording.size > LARGE);
    this.beat = new Beat(
      () => this.active && this.recording.pending.length > 0,
      () => this.recording.size > LARGE,
      () => (this.recording = this.recording.with([], performance.now() - this.origin)),
    );
    this.loader = new Loader(source, this.leaving.signal, {
      recording: () => this.recording,
      t: () => this.t,
      outlined: (outline, place, holes) => this.outlined(outline, place, holes),
      arrived: (marks, duration, holes) => this.arrived(marks, duration, holes),
      failed: (reason) => (this.failure = reason.message),
    });
    this.cache = new EventCache(source, () => this.recording, () => (this.texts += 1), () => (this.settled ||= !this.waiting));
  }

  /** Load what the page needs first, then the rest; opens the live stream of a session that is still recorded. */
  async open(): Promise<void> {
    this.loading = 'loading';
    try {
      const outline = this.wanted ? this.loader.outline(this.wantedEvent) : null;
      const first = await this.source.player(undefined, this.leaving.signal);
      this.begin(first);
      void this.notes?.load();
      if (first.session.status === 'active') this.listen(`${first.lastSeq}-${first.changes}`);
      await this.loader.rest(first, outline);
    } catch (reason) {
      if (!isAbort(reason)) this.refused(reason);
    }
  }

  close(): void {
    this.leaving.abort();
    this.stopListening?.();
    this.cache.stop();
    this.arrivals.stop();
    this.beat.stop();
    this.calm.stop();
  }

  /** Bookmark the session, or take the bookmark away. A key that may not do so leaves it as it is. */
  async bookmark(): Promise<void> {
    const { session, source } = this;
    if (!session || !source.sessionId) return;
    try {
      await patchSession(source.sessionId, { bookmarked: !session.bookmarked });
      this.session = { ...session, bookmarked: !session.bookmarked };
    } catch (reason) {
      if (!(reason instanceof ApiError)) throw reason;
      this.failure = reason.message;
    }
  }

  // --- the playhead -----------------------------------------------------------------------------------------------------

  tick(elapsed: number): void {
    const before = this.now;
    const next = playback.tick(before, this.axis, this.duration, elapsed);
    // As a film does that has not come so far yet, it waits where the rest is missing.
    const hole = next.t > before.t && !next.following ? this.recording.holeBetween(before.t, next.t) : undefined;
    this.now = hole ? { ...before, t: Math.max(before.t, hole.start) } : next;
    if (hole) void this.loader.wake();
    if (before.playing && !this.playing && this.active) this.follow();
  }

  toggle(): void {
    if (this.playing || this.following) this.now = playback.pause(this.now);
    else this.play();
  }

  play(): void {
    this.chosen = null;
    this.locating = false;
    this.now = playback.play(this.now, this.duration);
  }

  pause(): void {
    this.now = playback.pause(this.now);
  }

  /** Go to `t` as one of many steps of a drag. */
  scrub(t: number): void {
    this.calm.drag(() => this.seek(t));
  }

  seek(t: number): void {
    this.chosen = null;
    this.locating = false;
    this.now = playback.seek(this.now, t, this.duration);
    void this.loader.wake();
  }

  jump(direction: 1 | -1): void {
    this.seek(this.t + direction * JUMP_MS);
  }

  /** Choose a range, or let go of it. */
  setRange(range: Range | null): void {
    this.now = { ...this.now, range };
  }

  /** Begin or end the range at the playhead. */
  markRange(edge: 'start' | 'end'): void {
    const moved = edge === 'start' ? startingAt : endingAt;
    this.setRange(moved(this.range, this.t, this.duration));
  }

  repeat(loop: boolean): void {
    this.now = { ...this.now, loop };
  }

  /** Let the timeline show a stretch. */
  show(range: Range): void {
    this.shown = range;
  }

  /** Set a bookmark at the playhead, or take it away. */
  bookmarkHere(): void {
    if (this.source.sessionId) void this.notes?.bookmark(this.t, this.chosen?.id ?? null);
  }

  /** Begin a comment at the playhead. */
  commentHere(): void {
    if (!this.notes || !this.source.sessionId) return;
    this.pause();
    this.notes.draft = { at: this.t, eventId: this.chosen?.id ?? null, note: null };
  }

  /** Go to the next or previous hit of what is looked for. */
  stepToHit(direction: 1 | -1): void {
    const next = this.finder.beside(this.chosen ?? undefined, this.t, direction);
    if (next) this.choose(next);
  }

  follow(): void {
    this.chosen = null;
    this.now = playback.follow(this.now);
  }

  /** Go to the moment at which an event was complete, and keep it chosen. */
  choose(mark: Mark): void {
    this.seek(mark.end);
    this.pause();
    this.chosen = mark;
  }

  /** Choose an event and leave the playhead where it stands, unless the event is elsewhere. */
  point(mark: Mark): void {
    if (this.t < mark.at || (this.t > mark.end && !mark.pending)) return this.choose(mark);
    this.pause();
    this.chosen = mark;
  }

  step(direction: 1 | -1): void {
    this.stepping.beside(direction);
  }

  stepToError(direction: 1 | -1): void {
    this.stepping.toError(direction);
  }

  changeSpeed(steps: 1 | -1): void {
    this.set({ speed: playback.faster(this.speed, steps) });
  }

  set(change: Partial<Pick<playback.Playback, 'speed' | 'pace' | 'skip'>>): void {
    this.now = { ...this.now, ...change };
    remember({ speed: this.speed, pace: this.pace, skip: this.skip });
  }

  // --- whole events -----------------------------------------------------------------------------------------------------

  /** The whole event of a mark, when it is here; reading it follows its arrival. */
  event(mark: Mark): AnyEvent | undefined {
    return this.texts >= 0 ? this.cache.get(mark.seq) : undefined;
  }

  hasFailed(mark: Mark): boolean {
    return this.texts >= 0 && this.cache.hasFailed(mark.seq);
  }

  /** Ask for whole events; each asker has one wish at a time. What is only dragged over is not asked for. */
  want(asker: string, marks: readonly Mark[]): void {
    if (this.calm.dragging) return;
    this.cache.want(asker, marks);
  }

  // --- loading ----------------------------------------------------------------------------------------------------------

  private begin(first: PlayerData): void {
    this.session = first.session;
    this.origin = performance.now() - first.elapsed;
    this.latencies = first.latencies;
    const marks = marksOf(first);
    const known = Recording.of(marks, first.duration, holeBehind(first, marks));
    this.recording = first.session.status === 'active' && known.pending.length ? known.with([], first.elapsed) : known;
    if (this.range) this.setRange(rangeBetween(this.range.start, this.range.end, this.duration));
    this.loading = 'ready';
    if (this.wanted) this.goTo(this.wanted);
    else if (first.session.status === 'active') this.now = { ...playback.follow(this.now), t: this.duration };
  }

  private get wantedEvent(): string | null {
    return this.wanted && 'event' in this.wanted ? this.wanted.event : null;
  }

  private outlined(outline: Outline, place: EventPlace | null, holes: readonly Hole[]): void {
    this.outline = outline;
    this.recording = this.recording.with([], 0, holes);
    if (!this.locating) return;
    if (place) this.seek(place.at);
    this.locating = place !== null;
  }

  private arrived(marks: readonly Mark[], duration: number, holes: readonly Hole[]): void {
    this.recording = this.recording.with(marks, duration, holes);
    if (this.locating) this.locate();
    this.finder.look();
    this.stepping.goOn();
  }

  /** Go to the event that an address names, once it is here, unless somebody went elsewhere meanwhile. */
  private locate(): void {
    const mark = this.recording.byId(this.wantedEvent ?? '');
    if (mark) this.choose(mark);
    else if (!this.recording.partial || (this.outline && !this.recording.holeAt(this.t))) this.locating = false;
  }

  private goTo(moment: NonNullable<Moment>): void {
    if ('t' in moment) return this.seek(moment.t);
    const mark = this.recording.byId(moment.event);
    if (mark) this.choose(mark);
    else this.locating = this.recording.partial;
  }

  private listen(after: string): void {
    this.beat.start();
    this.stopListening = listen(this.source.live, after, {
      events: (events) => this.arrivals.add(events),
      state: (state) => {
        this.live = state;
        if (state === 'over') void this.ended();
      },
    });
  }

  private takeIn(events: AnyEvent[]): void {
    const startedAt = Date.parse(this.session?.startedAt ?? '');
    this.recording = this.recording.with(events.map((event) => markOf(event, startedAt)));
    this.cache.put(events);
    this.finder.put(events);
    this.beat.start();
  }

  /** The recording is over: its end, status and totals are the server's to say. */
  private async ended(): Promise<void> {
    try {
      const after = this.recording.moments.at(-1)?.seq ?? 0;
      const last = await this.source.player({ after, limit: 20_000 }, this.leaving.signal);
      this.session = last.session;
      this.recording = this.recording.over(marksOf(last), last.duration);
    } catch (reason) {
      if (isAbort(reason)) return;
      if (reason instanceof ApiError && reason.status === 404) this.refused(reason);
      else this.live = 'broken';
    }
  }

  private refused(reason: unknown): void {
    if (!(reason instanceof ApiError)) throw reason;
    this.failure = reason.status === 0 ? null : reason.message;
    this.erasedAt = erasureOf(reason);
    if (this.erasedAt) this.loading = 'erased';
    else if (reason.status === 401) this.loading = 'locked';
    else this.loading = reason.status === 404 || reason.status === 422 ? 'missing' : 'offline';
  }
}
