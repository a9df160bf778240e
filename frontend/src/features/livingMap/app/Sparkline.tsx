import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export type Sample = { readonly at: number; readonly value: number };

const HEIGHT_PX = 44;

/** How a value has changed lately. For people who cannot see it, the number beside it is enough. */
export function Sparkline({ samples, share }: { readonly samples: readonly Sample[]; readonly share: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(options(element, share), [[], []], element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [share]);
  useEffect(() => {
    plot.current?.setData([samples.map(({ at }) => at / 1000), samples.map(({ value }) => value)]);
  }, [samples]);
  return <div ref={box} className="sparkline" aria-hidden="true" />;
}

function options(element: HTMLElement, share: boolean): uPlot.Options {
  const colour = getComputedStyle(element).color;
  return {
    width: element.clientWidth || 200,
    height: HEIGHT_PX,
    padding: [4, 0, 4, 0],
    cursor: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    legend: { show: false },
    axes: [{ show: false }, { show: false }],
    scales: {
      x: { time: true },
      y: { range: (_, low, high) => (share ? [0, 1] : padded(low, high)) },
    },
    series: [
      {},
      {
        stroke: colour,
        width: 1.5,
        fill: colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.14)"),
        points: { show: false },
        paths: uPlot.paths.stepped?.({ align: 1 }) ?? (() => null),
      },
    ],
  };
}

function padded(low: number, high: number): [number, number] {
  const room = (high - low) * 0.15 || Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}
