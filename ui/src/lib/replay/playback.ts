/**
 * The playhead as a value: where it stands, whether and how fast it moves. Every change gives a new value; time comes in as
 * elapsed milliseconds. Pure: whoever owns the frames calls `tick`.
 */

import { Axis } from './axis';
import type { Range } from './range';
import type { Recording } from './recording';
import { clamp } from './search';

export const SPEEDS = [0.5, 1, 2, 4, 8, 16] as const;
export type Speed = (typeof SPEEDS)[number];
export type Pace = 'time' | 'events';
/** What is skipped: nothing, stretches in which nobody did anything, waits for a model's first token, or both. */
export const SKIPS = ['nothing', 'idle', 'waits', 'both'] as const;
export type Skip = (typeof SKIPS)[number];

export interface Playback {
  /** Milliseconds from the session's start. */
  t: number;
  playing: boolean;
  speed: Speed;
  pace: Pace;
  skip: Skip;
  /** Stay at the growing end of a session that is still being recorded. */
  following: boolean;
  /** The range that was chosen; playing that reaches its end goes on at its start when `loop` is on. */
  range: Range | null;
  loop: boolean;
}

/** A glide to the live edge covers all but 1/e of the way in this time: what is recorded must be seen at once. */
const GLIDE_MS = 50;
/** Nearer than this it is there. */
const NEAR_MS = 20;

export function parked(preferences: Partial<Pick<Playback, 'speed' | 'pace' | 'skip'>> = {}): Playback {
  return { t: 0, playing: false, speed: 1, pace: 'time', skip: 'idle', following: false, range: null, loop: true, ...preferences };
}

/** The axis that `pace` and `skip` ask for. */
export function axisOf(recording: Recording, pace: Pace, skip: Skip): Axis {
  if (pace === 'events') return Axis.stepped(recording.duration, recording.endTimes);
  if (skip === 'nothing') return Axis.trueTime(recording.duration);
  const spans = recording.idle.filter((span) => skip === 'both' || span.kind === (skip === 'waits' ? 'model' : 'human'));
  return Axis.skipping(recording.duration, spans);
}

/** Move the playhead on by `elapsed` ms of real time. Stops at the end, or begins its range again; when following, glides. */
export function tick(now: Playback, axis: Axis, duration: number, elapsed: number): Playback {
  if (now.following) return glide(now, duration, elapsed);
  if (!now.playing) return now;
  const t = axis.toSession(axis.toPlay(now.t) + elapsed * now.speed);
  if (now.range && now.t < now.range.end && t >= now.range.end) return atRangeEnd(now, now.range);
  return t >= duration ? { ...now, t: duration, playing: false } : { ...now, t };
}

function atRangeEnd(now: Playback, range: Range): Playback {
  return now.loop ? { ...now, t: range.start } : { ...now, t: range.end, playing: false };
}

function glide(now: Playback, duration: number, elapsed: number): Playback {
  const left = duration - now.t;
  if (left === 0) return now;
  const t = Math.abs(left) < NEAR_MS ? duration : now.t + left * (1 - Math.exp(-elapsed / GLIDE_MS));
  return { ...now, t };
}

/** Start playing: within the range when there is one; from the beginning when it stands at the end. */
export function play(now: Playback, duration: number): Playback {
  const { start, end } = now.range ?? { start: 0, end: duration };
  const inside = now.t < end && (!now.range || now.t >= start);
  return { ...now, playing: true, following: false, t: inside ? now.t : start };
}

export function pause(now: Playback): Playback {
  return { ...now, playing: false, following: false };
}

/** Go to `t`, playing on if it was playing; a seek is a decision to leave the live edge. */
export function seek(now: Playback, t: number, duration: number): Playback {
  return { ...now, t: clamp(Number.isFinite(t) ? t : 0, 0, duration), following: false };
}

export function follow(now: Playback): Playback {
  return { ...now, playing: false, following: true };
}

/** The next faster or slower speed. */
export function faster(speed: Speed, steps: 1 | -1): Speed {
  return SPEEDS[clamp(SPEEDS.indexOf(speed) + steps, 0, SPEEDS.length - 1)] as Speed;
}

export function isSpeed(value: unknown): value is Speed {
  return SPEEDS.includes(value as Speed);
}
