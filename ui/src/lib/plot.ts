/** Charts over time on uPlot. Loaded only by the page that draws; owns the options, knows no statistics. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colours } from './colours';
import type { Bucket } from './series';

export interface PlotSeries {
  name: string;
  values: (number | null)[];
  /** A token of the look, as `--kind-error`. */
  colour: string;
  line?: boolean;
}

export interface PlotWish {
  /** Starts of the buckets, epoch ms. */
  times: number[];
  series: PlotSeries[];
  bucket: Bucket;
  /** How a value on the axis reads. */
  show: (value: number) => string;
  /** Hears which bucket is pointed at, and how far from the left in CSS pixels; null when none. */
  point: (index: number | null, left: number) => void;
  pick: (index: number) => void;
}

const AXIS_FONT = '11px system-ui, sans-serif';

/** Draw a chart into an element; returns how to give it another width, and how to end it. */
export function plot(target: HTMLElement, wish: PlotWish): { resize: (width: number) => void; end: () => void } {
  const chart = new uPlot(optionsOf(target.clientWidth, wish), dataOf(wish), target);
  chart.over.addEventListener('click', () => {
    if (typeof chart.cursor.idx === 'number') wish.pick(chart.cursor.idx);
  });
  return { resize: (width) => chart.setSize({ width, height: HEIGHT }), end: () => chart.destroy() };
}

const HEIGHT = 168;

const dataOf = ({ times, series }: PlotWish): uPlot.AlignedData => [
  times.map((time) => time / 1000),
  ...series.map((each) => each.values),
];

function optionsOf(width: number, wish: PlotWish): uPlot.Options {
  const names = ['--ink-3', '--line', '--ground', ...wish.series.map((each) => each.colour)];
  const paint = colours(names);
  const axis = { stroke: paint['--ink-3'], font: AXIS_FONT, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    // A day is a UTC day, so its axis is in UTC too; hours are local.
    tzDate: (seconds) => (wish.bucket === 'day' ? uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC') : new Date(seconds * 1000)),
    scales: { x: { range: (_, low, high) => roomForBars(low, high, wish.bucket) }, y: { range: (_, __, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, values: wish.bucket === 'day' ? DAY_LABELS : HOUR_LABELS, space: 64, size: 40 },
      { ...axis, grid: { stroke: paint['--line'], width: 1 }, values: (_, at) => at.map(wish.show), size: 56, space: 28 },
    ],
    series: [{}, ...wish.series.map((each) => seriesOf(each, paint[each.colour] ?? '', paint['--ground'] ?? ''))],
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'stats' }, points: { show: false } },
    hooks: { setCursor: [(chart) => tell(chart, wish)] },
  };
}

const roomForBars = (low: number, high: number, bucket: Bucket): [number, number] => {
  const half = bucket === 'day' ? 43_200 : 1800;
  return [low - half, high + half];
};

/** Day and month in the order that the reader's language has them, as everywhere else. */
const [earlier] = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' }).formatToParts();
const DAY = earlier?.type === 'month' ? '{MMM} {D}' : '{D} {MMM}';
const DAY_LABELS = [
  [86_400 * 360, '{YYYY}', null, null, null, null, null, null, 1],
  [86_400 * 28, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, DAY, '\n{YYYY}', null, null, null, null, null, 1],
  [1, '', null, null, null, null, null, null, 1],
] as uPlot.Axis.Values;
const HOUR_LABELS = [
  [86_400 * 28, '{MMM}', '\n{YYYY}', null, null, null, null, null, 1],
  [86_400, DAY, null, null, null, null, null, null, 1],
  [3600, '{HH}:{mm}', `\n${DAY}`, null, `\n${DAY}`, null, null, null, 1],
  [1, '', null, null, null, null, null, null, 1],
] as uPlot.Axis.Values;

function seriesOf(series: PlotSeries, colour: string, ground: string): uPlot.Series {
  if (series.line) return { label: series.name, stroke: colour, width: 1.5, spanGaps: true, points: { size: 4, fill: ground } };
  const paths = uPlot.paths.bars?.({ size: [0.7, 40], align: 0 });
  return { label: series.name, fill: colour, width: 0, points: { show: false }, ...(paths ? { paths } : {}) };
}

function tell(chart: uPlot, wish: PlotWish): void {
  const { idx, left = -1 } = chart.cursor;
  wish.point(typeof idx === 'number' && left >= 0 ? idx : null, left + chart.bbox.left / devicePixelRatio);
}
