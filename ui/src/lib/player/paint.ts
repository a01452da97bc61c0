/** Paints the timeline's lanes on a canvas. Owns the drawing; what to draw comes from the engine. */

import { countsAfar, hazeIn } from '../replay/afar';
import { costCurve, sampleCurve } from '../replay/curves';
import { barsIn, gapsIn, type Bar, type LaneKey, type Window } from '../replay/lanes';
import { RULER, type Strip } from '../replay/layout';
import type { Recording } from '../replay/recording';
import type { Mark, Outline } from '../types';
import { ticks } from '../replay/view';
import type { Note } from './notesApi';
import type { Palette } from './palette';

/** Room that a label of the ruler needs. */
const LABEL = 48;
/** Whose colour stands for a lane's. */
const KIND_OF = { calls: 'interaction', steps: 'step', user: 'user_action', code: 'code_context' } as const;
/** How wide a note's sign is. */
const WIDE = 8;
/** Room that the word in an open bar needs. */
const WORD = 60;

export interface Picture {
  recording: Recording;
  /** A long session from afar, for where its marks are not here. */
  outline: Outline | null;
  strips: readonly Strip[];
  window: Window;
  height: number;
  palette: Palette;
  label: (ms: number) => string;
  /** What was found, and what people wrote, in time order. */
  hits: readonly Mark[];
  notes: readonly Note[];
}

/** Paint everything but the playhead. Returns the bars of each strip, for finding what is under the pointer. */
export function paint(context: CanvasRenderingContext2D, picture: Picture): Map<string, Bar[]> {
  const { window, height, palette, strips } = picture;
  context.clearRect(0, 0, window.width + 16, height);
  shadeIdle(context, picture);
  ruler(context, picture);
  const drawn = new Map<string, Bar[]>();
  for (const strip of strips) {
    if (strip.lane) haze(context, strip, picture);
    if (strip.lane) drawn.set(strip.key, lane(context, strip, picture));
    else if (strip.key === 'cost') cost(context, strip, picture);
    else if (strip.key === 'found') found(context, strip, picture);
    else if (strip.key === 'notes') written(context, strip, picture);
    else machine(context, strip, picture);
    context.fillStyle = palette.line;
    context.fillRect(0, strip.top + strip.height + 1.5, window.width, 0.5);
  }
  drawn.set('gaps', gaps(context, picture));
  return drawn;
}

/** A tick for each hit, those that share a pixel once. */
function found(context: CanvasRenderingContext2D, strip: Strip, { hits, window, palette }: Picture): void {
  const scale = window.width / (window.to - window.from);
  context.fillStyle = palette.ink;
  let last = -1;
  for (const hit of hits) {
    const x = Math.round((hit.end - window.from) * scale);
    if (x === last || x < 0 || x > window.width) continue;
    context.fillRect(x - 1, strip.top, 2, strip.height);
    last = x;
  }
}

/** Bookmarks are flags, comments balloons, each with its foot on its moment. */
function written(context: CanvasRenderingContext2D, strip: Strip, { notes, window, palette }: Picture): void {
  const scale = window.width / (window.to - window.from);
  for (const note of notes) {
    const x = Math.round((note.at - window.from) * scale);
    if (x < -WIDE || x > window.width + WIDE) continue;
    context.fillStyle = palette.ink;
    if (note.kind === 'bookmark') flag(context, x, strip);
    else balloon(context, x, strip);
  }
}

function flag(context: CanvasRenderingContext2D, x: number, { top, height }: Strip): void {
  context.fillRect(x - 0.5, top, 1.5, height);
  context.beginPath();
  context.moveTo(x + 1, top);
  context.lineTo(x + WIDE, top + 3);
  context.lineTo(x + 1, top + 6);
  context.fill();
}

function balloon(context: CanvasRenderingContext2D, x: number, { top, height }: Strip): void {
  context.beginPath();
  context.roundRect(x - 1, top, WIDE + 3, height - 4, 2);
  context.fill();
  context.beginPath();
  context.moveTo(x - 1, top + 3);
  context.lineTo(x - 1, top + height);
  context.lineTo(x + 4, top + height - 5);
  context.fill();
}

/** Hatched over all lanes: of what was lost there is nothing to draw in any of them. */
function gaps(context: CanvasRenderingContext2D, { recording, window, height, palette }: Picture): Bar[] {
  const bars = gapsIn(recording, window);
  const tall = height - RULER;
  context.strokeStyle = palette.kinds.gap;
  context.lineWidth = 1;
  for (const { x0, x1 } of bars) {
    context.save();
    context.beginPath();
    context.rect(x0, RULER, x1 - x0, tall);
    context.clip();
    context.globalAlpha = 0.6;
    context.beginPath();
    for (let x = x0 - tall; x < x1; x += 6) {
      context.moveTo(x, height);
      context.lineTo(x + tall, RULER);
    }
    context.stroke();
    context.restore();
    context.fillStyle = palette.kinds.gap;
    context.fillRect(x0, RULER, 1, tall);
    context.fillRect(x1 - 1, RULER, 1, tall);
  }
  return bars;
}

function shadeIdle(context: CanvasRenderingContext2D, { recording, window, height, palette }: Picture): void {
  const scale = window.width / (window.to - window.from);
  context.fillStyle = palette.shade;
  for (const idle of recording.idle) {
    if (idle.end < window.from || idle.start > window.to) continue;
    const x = (idle.start - window.from) * scale;
    context.fillRect(x, RULER, (idle.end - idle.start) * scale, height - RULER);
  }
}

function ruler(context: CanvasRenderingContext2D, { window, height, palette, label }: Picture): void {
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  for (const tick of ticks(window, window.width)) {
    const x = Math.round(((tick - window.from) / (window.to - window.from)) * window.width);
    context.fillStyle = palette.line;
    context.fillRect(x, 0, 1, height);
    context.fillStyle = palette.quiet;
    if (x + LABEL < window.width) context.fillText(label(tick), x + 4, RULER / 2 + 1);
  }
}

function lane(context: CanvasRenderingContext2D, strip: Strip, { window, palette }: Picture): Bar[] {
  if (!strip.lane) return [];
  const bars = barsIn(strip.lane, window);
  // Errors last, so that nothing hides them.
  const ordered = [...bars.filter((bar) => !bar.error), ...bars.filter((bar) => bar.error)];
  for (const bar of ordered) {
    const top = strip.top + bar.row * strip.row;
    context.fillStyle = bar.error ? palette.error : hueOf(strip.key as LaneKey, bar, palette);
    if (bar.mark.pending) open(context, bar, top, strip.row - 1, palette);
    else if (strip.key === 'calls' || strip.key === 'steps') lasting(context, bar, top, strip.row - 1, palette);
    else moment(context, bar, top + strip.row / 2, strip.key === 'errors');
  }
  return bars;
}

/** How much there is where the marks are not here: the more, the stronger. */
function haze(context: CanvasRenderingContext2D, strip: Strip, { outline, recording, window, palette }: Picture): void {
  if (!outline || !recording.partial) return;
  const key = strip.key as LaneKey;
  const lasting = key === 'calls' || key === 'steps';
  const [top, tall] = lasting ? [strip.top, strip.height - 1] : [strip.top + strip.row / 2 - 2.5, 5];
  context.fillStyle = key === 'errors' ? palette.error : palette.kinds[KIND_OF[key]];
  for (const { x0, x1, share } of hazeIn(countsAfar(outline, key), outline.cell, recording.holes, window)) {
    context.globalAlpha = 0.15 + 0.45 * share;
    context.fillRect(x0, top, x1 - x0, tall);
  }
  context.globalAlpha = 1;
}

function hueOf(key: LaneKey, bar: Bar, palette: Palette): string {
  return key === 'errors' ? palette.error : palette.kinds[bar.mark.type];
}

function lasting(context: CanvasRenderingContext2D, bar: Bar, top: number, height: number, palette: Palette): void {
  const width = Math.max(bar.x1 - bar.x0, 2);
  const waited = bar.tick === null ? 0 : Math.min(bar.tick - bar.x0, width);
  if (waited > 1) {
    context.globalAlpha = 0.45;
    context.fillRect(bar.x0, top, waited, height);
    context.globalAlpha = 1;
  }
  context.fillRect(bar.x0 + waited, top, Math.max(width - waited, 1), height);
  if (waited > 3 && width - waited > 2) {
    context.fillStyle = palette.ground;
    context.fillRect(bar.x0 + waited - 0.5, top, 1, height);
  }
}

/** A call that is not over: a bar that is open to the right. */
function open(context: CanvasRenderingContext2D, bar: Bar, top: number, height: number, palette: Palette): void {
  const width = Math.max(bar.x1 - bar.x0, 2);
  context.fillRect(bar.x0, top, 2, height);
  context.globalAlpha = 0.3;
  context.fillRect(bar.x0, top, width, height);
  context.globalAlpha = 1;
  if (width < WORD || height < 11) return;
  context.fillStyle = palette.ink;
  context.font = '11px system-ui, sans-serif';
  context.fillText('waiting', bar.x0 + 6, top + height / 2 + 0.5);
}

/** One moment is a dot, a cross for an error; several are as wide as they reach. */
function moment(context: CanvasRenderingContext2D, bar: Bar, middle: number, cross: boolean): void {
  if (bar.count > 1 && bar.x1 - bar.x0 > 4) {
    context.fillRect(bar.x0 - 1.5, middle - 2.5, bar.x1 - bar.x0 + 3, 5);
    return;
  }
  context.beginPath();
  if (cross) {
    context.strokeStyle = context.fillStyle;
    context.lineWidth = 1.75;
    for (const way of [1, -1]) {
      context.moveTo(bar.x0 - 3, middle - 3 * way);
      context.lineTo(bar.x0 + 3, middle + 3 * way);
    }
    context.stroke();
  } else {
    context.arc(bar.x0, middle, 3, 0, 7);
    context.fill();
  }
}

function cost(context: CanvasRenderingContext2D, strip: Strip, { recording, window, palette }: Picture): void {
  const curve = costCurve(recording, window);
  context.beginPath();
  curve.forEach((share, x) => context.lineTo(x, strip.top + strip.height - 1 - share * (strip.height - 3)));
  context.strokeStyle = palette.ink;
  context.lineWidth = 1.25;
  context.stroke();
}

function machine(context: CanvasRenderingContext2D, strip: Strip, { recording, window, palette }: Picture): void {
  const curves = [
    { values: sampleCurve(recording, window, (mark) => mark.cpu), color: palette.kinds.system_metrics },
    { values: sampleCurve(recording, window, (mark) => mark.memory), color: palette.kinds.code_context },
  ];
  const scale = window.width / (window.to - window.from);
  for (const { values, color } of curves) {
    const most = Math.max(100, ...values.filter((value) => !Number.isNaN(value)));
    context.beginPath();
    let far = false;
    values.forEach((value, x) => {
      far ||= recording.partial && recording.holeAt(window.from + x / scale) !== undefined;
      if (Number.isNaN(value)) return;
      const y = strip.top + strip.height - 1 - (value / most) * (strip.height - 3);
      // Over what is not here no line is drawn.
      if (far) context.moveTo(x, y);
      else context.lineTo(x, y);
      far = false;
    });
    context.strokeStyle = color;
    context.lineWidth = 1.25;
    context.stroke();
  }
}
