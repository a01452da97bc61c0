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
  /** Whether only whole numbers are marked on the axis, since there is no half a call. */
  whole: boolean;
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
    scales: { x: { range: () => roomForBars(wish) }, y: { range: (_, __, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, values: wish.bucket === 'day' ? DAY_LABELS : HOUR_LABELS, incrs: STEPS[wish.bucket], space: 64, size: 40 },
      { ...axis, grid: { stroke: paint['--line'], width: 1 }, values: (_, at) => at.map(wish.show), size: 56, space: 28, ...valueSteps(wish) },
    ],
    series: [{}, ...wish.series.map((each) => seriesOf(each, paint[each.colour] ?? '', paint['--ground'] ?? ''))],
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: 'stats' }, points: { show: false } },
    hooks: { setCursor: [(chart) => tell(chart, wish)] },
  };
}

const HOUR = 3600;
const DAY_LONG = 24 * HOUR;
const MONTH = 30 * DAY_LONG;
const YEAR = 365 * DAY_LONG;
/** Between two marks of the time axis, in seconds: never less than a bucket, which has one name. */
const DAYS = [1, 2, 3, 5, 7, 10, 15].map((days) => days * DAY_LONG).concat([1, 2, 3, 4, 6].map((months) => months * MONTH), [1, 2, 5, 10].map((years) => years * YEAR));
const STEPS: Record<Bucket, number[]> = { day: DAYS, hour: [1, 2, 3, 4, 6, 8, 12].map((hours) => hours * HOUR).concat(DAYS) };
const WHOLE = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** Half a bucket on either side. From the buckets themselves: of a single one uPlot would make years. */
const roomForBars = ({ times, bucket }: PlotWish): [number, number] => {
  const half = bucket === 'day' ? DAY_LONG / 2 : HOUR / 2;
  return [(times[0] ?? 0) / 1000 - half, (times.at(-1) ?? 0) / 1000 + half];
};

/** Where nothing is, the axis says 0 and makes up no scale. */
function valueSteps({ series, whole }: PlotWish): Pick<uPlot.Axis, 'splits' | 'incrs'> {
  if (!series.some(({ values }) => values.some((value) => value))) return { splits: () => [0] };
  return whole ? { incrs: WHOLE } : {};
}

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
