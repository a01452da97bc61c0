/** Curves of the timeline, one value a pixel. Pure. */

import type { Mark } from '../types';
import type { Window } from './lanes';
import type { Recording } from './recording';
import { countBelow } from './search';

/** The cost so far at each pixel, as a share of the whole. */
export function costCurve(recording: Recording, window: Window): Float64Array {
  const whole = recording.totalsAt(Infinity).cost || 1;
  const step = (window.to - window.from) / window.width;
  return Float64Array.from({ length: Math.ceil(window.width) + 1 }, (_, x) => {
    return recording.totalsAt(window.from + x * step).cost / whole;
  });
}

/** The highest sample in each pixel, NaN where there is none; `read` says which of its values. */
export function sampleCurve(
  recording: Recording,
  window: Window,
  read: (mark: Mark) => number | null | undefined,
): Float64Array {
  const scale = window.width / Math.max(window.to - window.from, 1e-9);
  const curve = new Float64Array(Math.ceil(window.width) + 1).fill(NaN);
  const first = Math.max(0, countBelow(recording.sampleTimes, window.from) - 1);
  for (let i = first; i < recording.samples.length; i++) {
    const x = Math.max(0, Math.floor(((recording.sampleTimes[i] as number) - window.from) * scale));
    if (x >= curve.length) break;
    const value = read(recording.samples[i] as Mark);
    if (value == null) continue;
    const before = curve[x] as number;
    curve[x] = Number.isNaN(before) ? value : Math.max(before, value);
  }
  return curve;
}
