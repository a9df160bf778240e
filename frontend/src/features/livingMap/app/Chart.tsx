import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Columns, type Range, type Unknown, unknownIn } from "../domain/series.ts";
import type { Tone } from "../domain/tones.ts";
import { useLanguage } from "../i18n/i18n.tsx";

/** Something that happened, in ms since 1970. */
export type EventMark = { readonly at: number; readonly tone: Tone };

export type ChartProps = {
  readonly columns: Columns;
  /** From when until when, in ms since 1970. */
  readonly from: number;
  readonly to: number;
  /** Whether it goes from nothing to all. */
  readonly isShare: boolean;
  /** Between what it is drawn; by default as far as it goes. */
  readonly range?: Range | undefined;
  readonly marks: readonly EventMark[];
  /** Where it is not the whole. */
  readonly parts?: readonly Unknown[] | undefined;
  readonly format: (value: number) => string;
};

const HEIGHT_PX = 96;
const AXIS_PX = 46;
const LEAST_TICK_PX = 60;
/** Ticks are so many seconds apart: their words have no seconds. */
const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880].map((minutes) => minutes * 60);

/** How a number went. For people who cannot see it, the number beside it is enough. */
export function Chart(props: ChartProps) {
  const { columns, isShare, range } = props;
  const [low, high] = range ?? [];
  const { tick, words } = useLanguage();
  const { notRecorded } = words.details;
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ ...props, tick, notRecorded });
  latest.current = { ...props, tick, notRecorded };
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(
      options(element, isShare, () => latest.current),
      dataOf(latest.current.columns),
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [isShare]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another range is drawn anew
  useEffect(() => {
    plot.current?.setData(dataOf(columns));
  }, [columns, low, high]);
  return <div ref={box} className="chart" aria-hidden="true" />;
}

function dataOf({ times, mean, low, high }: Columns): uPlot.AlignedData {
  return [[...times], [...high], [...low], [...mean]];
}

type Latest = ChartProps & {
  readonly tick: (ms: number, isDays: boolean) => string;
  readonly notRecorded: string;
};

function options(element: HTMLElement, isShare: boolean, latest: () => Latest): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = style.color;
  const axis = {
    stroke: style.getPropertyValue("--muted"),
    font: "10px Inter, system-ui, sans-serif",
    grid: { stroke: style.getPropertyValue("--line"), width: 1 },
    ticks: { show: false },
  };
  const line = { points: { show: false }, paths: uPlot.paths.stepped?.({ align: 1 }) ?? (() => null) };
  return {
    width: element.clientWidth || 300,
    height: HEIGHT_PX,
    padding: [8, 18, 0, 0], // half of a day's name
    cursor: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    legend: { show: false },
    axes: [
      {
        ...axis,
        size: 22,
        gap: 6, // below the lowest number beside it
        space: LEAST_TICK_PX,
        incrs: TICKS_S,
        values: (_, times) => times.map((one) => latest().tick(one * 1000, isLong(latest()))),
      },
      {
        ...axis,
        size: AXIS_PX,
        gap: 4,
        space: 26,
        values: (_, values) => values.map((one) => latest().format(one)),
      },
    ],
    scales: {
      x: { time: true, range: () => [latest().from / 1000, latest().to / 1000] },
      y: { range: (_, low, high) => (isShare ? [0, 1] : padded(...(latest().range ?? ([low, high] as const)))) },
    },
    bands: [{ series: [1, 2], fill: faded(colour, 0.18) }],
    series: [
      {},
      { ...line, width: 0 },
      { ...line, width: 0 },
      { ...line, stroke: colour, width: 1.5, fill: faded(colour, 0.1) },
    ],
    hooks: {
      drawClear: [(plot) => drawParts(plot, latest(), style)],
      draw: [(plot) => drawUnknown(plot, latest(), style), (plot) => drawMarks(plot, latest().marks, style)],
    },
  };
}

function isLong({ from, to }: ChartProps): boolean {
  return to - from > 2 * 86_400_000;
}

function faded(colour: string, alpha: number): string {
  return colour.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
}

/** Shade what is not the whole. */
function drawParts({ ctx, bbox, valToPos }: uPlot, { parts = [] }: Latest, style: CSSStyleDeclaration): void {
  ctx.save();
  ctx.fillStyle = style.getPropertyValue("--muted");
  ctx.globalAlpha = 0.2;
  for (const { since, until } of parts) {
    const [from, to] = [valToPos(since / 1000, "x", true), valToPos(until / 1000, "x", true)];
    const left = Math.max(bbox.left, from);
    ctx.fillRect(left, bbox.top, Math.min(bbox.left + bbox.width, to) - left, bbox.height);
  }
  ctx.restore();
}

/** Write into the times of which nothing is known that it is so, where there is room. */
function drawUnknown({ ctx, bbox, valToPos }: uPlot, latest: Latest, style: CSSStyleDeclaration): void {
  const { columns, from, to, notRecorded } = latest;
  ctx.save();
  ctx.font = `${10 * devicePixelRatio}px Inter, system-ui, sans-serif`;
  ctx.fillStyle = style.getPropertyValue("--muted");
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  const room = ctx.measureText(notRecorded).width + 8 * devicePixelRatio;
  for (const { since, until } of unknownIn(columns, from, to)) {
    const [left, right] = [valToPos(since / 1000, "x", true), valToPos(until / 1000, "x", true)];
    if (right - left >= room) ctx.fillText(notRecorded, (left + right) / 2, bbox.top + bbox.height / 2);
  }
  ctx.restore();
}

function drawMarks({ ctx, bbox, valToPos }: uPlot, marks: readonly EventMark[], style: CSSStyleDeclaration): void {
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([3 * devicePixelRatio, 2 * devicePixelRatio]);
  for (const { at, tone } of marks) {
    const x = Math.round(valToPos(at / 1000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = style.getPropertyValue(`--${tone}`);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

function padded(low: number, high: number): [number, number] {
  const room = (high - low) * 0.15 || Math.abs(high) * 0.1 || 1;
  return [low >= 0 ? Math.max(0, low - room) : low - room, high + room];
}
