/**
 * The map between a session's time and playing time: one to one, with idle stretches compressed, or one beat an event.
 * Pure; piecewise linear and never falling, so both directions are a binary search.
 */

import { clamp, countUpTo } from './search';

/** How long a skipped idle stretch still takes at 1×, so that one sees that time passed. */
export const SKIPPED_MS = 400;
/** How long one event takes at 1× when stepping from event to event. */
export const BEAT_MS = 900;

export interface Span {
  start: number;
  end: number;
}

/** Corresponding moments: `session[i]` plays at `play[i]`. Both ascend and begin at 0. */
export class Axis {
  private readonly session: Float64Array;
  private readonly play: Float64Array;

  private constructor(session: number[], play: number[]) {
    this.session = Float64Array.from(session);
    this.play = Float64Array.from(play);
  }

  /** Playing time is session time. */
  static trueTime(duration: number): Axis {
    return new Axis([0, duration], [0, duration]);
  }

  /** As true time, but each of `spans` (in order; they may touch or overlap) takes at most `SKIPPED_MS`. */
  static skipping(duration: number, spans: readonly Span[]): Axis {
    const session = [0];
    const play = [0];
    let at = 0;
    let playing = 0;
    const reach = (moment: number, length: number): void => {
      playing += length;
      at = moment;
      session.push(at);
      play.push(playing);
    };
    for (const span of spans) {
      const start = clamp(span.start, at, duration);
      const end = clamp(span.end, at, duration);
      if (end - start <= SKIPPED_MS) continue;
      reach(start, start - at);
      reach(end, SKIPPED_MS);
    }
    reach(duration, Math.max(0, duration - at));
    return new Axis(session, play);
  }

  /** Each distinct moment of `moments` (ascending) is one beat after the one before, whatever lies between. */
  static stepped(duration: number, moments: ArrayLike<number>): Axis {
    const session = [0];
    const play = [0];
    let last = 0;
    for (let i = 0; i < moments.length; i++) {
      const moment = Math.min(moments[i] as number, duration);
      if (moment <= last) continue;
      last = moment;
      session.push(moment);
      play.push((play[play.length - 1] as number) + BEAT_MS);
    }
    if (duration > last) {
      session.push(duration);
      play.push((play[play.length - 1] as number) + BEAT_MS);
    }
    return new Axis(session, play);
  }

  /** How long playing takes at 1×, in ms. */
  get length(): number {
    return this.play[this.play.length - 1] ?? 0;
  }

  toPlay(sessionMs: number): number {
    return interpolate(this.session, this.play, sessionMs);
  }

  toSession(playMs: number): number {
    return interpolate(this.play, this.session, playMs);
  }
}

function interpolate(from: Float64Array, to: Float64Array, x: number): number {
  const last = from.length - 1;
  const next = countUpTo(from, x);
  if (next === 0) return to[0] as number;
  if (next > last) return to[last] as number;
  const [a, b] = [from[next - 1] as number, from[next] as number];
  const [c, d] = [to[next - 1] as number, to[next] as number];
  return c + ((x - a) / (b - a)) * (d - c);
}
