import { type KeyboardEvent, type PointerEvent, useMemo, useRef, useState } from "react";
import type { Registry } from "../domain/registry.ts";
import {
  type Bar,
  barsOf,
  grainOf,
  momentAt,
  type Severity,
  type Span,
  shareOf,
  type Timeline,
  type Trouble,
  ticksOf,
  troublesAt,
} from "../domain/timeline.ts";
import { alertWord, loadWord, statusWord } from "../domain/words.ts";
import { type Language, useLanguage } from "../i18n/i18n.tsx";
import { goTo, useGoToNewest } from "./moment.ts";
import { useRegistry } from "./registry.tsx";

const WIDE = 1000;
const HIGH = 100;
const MOST_TICKS = 7;
/** Later than this share of the bar there is no room for a tick's words. */
const LAST_TICK = 0.9;
/** So near its end the river is the present. */
const AT_END_PX = 3;
const MOST_TROUBLES = 3;

type BarProps = {
  readonly isLive: boolean;
  /** Which moment is shown. */
  readonly moment: number;
  readonly timeline: Timeline | null;
  readonly span: Span;
  readonly now: number;
  readonly hasFailed: boolean;
};

/** The bar itself: a slider whose ground is what happened. */
export function RiverBar({ isLive, moment, timeline, span, now, hasFailed }: BarProps) {
  const { words } = useLanguage();
  const [pointed, setPointed] = useState<number | null>(null);
  const goToNewest = useGoToNewest();
  const hands = useHands(span, setPointed, goToNewest);
  const textAt = useTextAt(timeline);
  return (
    <div
      className="river-bar"
      role="slider"
      tabIndex={0}
      aria-label={words.time.bar}
      aria-valuemin={Math.round(span.from / 1000)}
      aria-valuemax={Math.round(span.to / 1000)}
      aria-valuenow={Math.round(moment / 1000)}
      aria-valuetext={isLive ? words.time.now : textAt(moment, now)}
      onKeyDown={(event) => onKey(event, moment, span, goToNewest)}
      {...hands}
    >
      {timeline && <Water timeline={timeline} span={span} />}
      {hasFailed && !timeline && <span className="river-failed">{words.time.unavailable}</span>}
      <Ticks span={span} />
      {!isLive && <span className="river-hand" style={{ left: `${shareOf(moment, span) * 100}%` }} />}
      {pointed !== null && (
        <span className="river-tip" style={{ left: `clamp(90px, ${shareOf(pointed, span) * 100}%, 100% - 90px)` }}>
          {textAt(pointed, now)}
        </span>
      )}
    </div>
  );
}

/** Return a moment in words: when it was, how long ago, and what was in trouble. */
function useTextAt(timeline: Timeline | null): (moment: number, now: number) => string {
  const language = useLanguage();
  const registry = useRegistry();
  return (moment, now) => {
    const troubles = timeline ? troublesAt(timeline, moment) : [];
    const names = troubles.slice(0, MOST_TROUBLES).map((one) => troubleText(one, registry, language));
    const more = troubles.length - names.length;
    const rest = more > 0 ? [language.fill(language.words.details.more, { n: more })] : [];
    return [language.moment(moment), language.agoLong((now - moment) / 1000), ...names, ...rest].join(" · ");
  };
}

function troubleText({ label, kind, status, type }: Trouble, registry: Registry, language: Language): string {
  const own = registry.kindOf(type);
  if (kind === "alert") return `${label}: ${alertWord(status, language, own)}`;
  const share = language.percent(Number(status));
  const load = language.fill(language.words.problems.load, { what: loadWord("load", own, language), n: share });
  return `${label}: ${kind === "load" ? load : statusWord(status, language, own)}`;
}

/** Return what hands do on the bar: a tap or a drag leads to a moment, its end to the newest. */
function useHands(span: Span, onPoint: (moment: number | null) => void, onEnd: () => void) {
  const isHeld = useRef(false);
  const at = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return { share: (event.clientX - left) / width, isEnd: event.clientX > left + width - AT_END_PX };
  };
  const lead = (event: PointerEvent<HTMLElement>) => {
    const { share, isEnd } = at(event);
    if (isEnd) onEnd();
    else goTo(momentAt(share, span));
  };
  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      if (event.button !== 0) return;
      isHeld.current = true;
      event.currentTarget.setPointerCapture(event.pointerId);
      lead(event);
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      onPoint(momentAt(at(event).share, span));
      if (isHeld.current) lead(event);
    },
    onPointerUp: () => {
      isHeld.current = false;
    },
    onPointerCancel: () => {
      isHeld.current = false;
    },
    onPointerLeave: () => onPoint(null),
  };
}

function onKey(event: KeyboardEvent, moment: number, span: Span, onEnd: () => void): void {
  const grain = grainOf(span) * (event.shiftKey ? 10 : 1);
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -grain,
    ArrowDown: -grain,
    ArrowRight: grain,
    ArrowUp: grain,
    PageDown: -grain * 60,
    PageUp: grain * 60,
    Home: span.from - moment,
    End: span.to - moment,
  };
  const step = steps[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  const next = Math.max(span.from, moment + step);
  if (next >= span.to) onEnd();
  else goTo(Math.max(span.from, Math.round(next / 1000) * 1000));
}

/** The tint of the river; gaps are hatched. */
function Water({ timeline, span }: { readonly timeline: Timeline; readonly span: Span }) {
  const bars = useMemo(() => barsOf(timeline, span), [timeline, span]);
  const oldest = shareOf(Date.parse(timeline.oldest ?? timeline.to), span);
  return (
    <svg className="river-water" viewBox={`0 0 ${WIDE} ${HIGH}`} preserveAspectRatio="none" aria-hidden="true">
      <defs>
        <pattern id="river-gap" width="8" height="20" patternUnits="userSpaceOnUse">
          <rect width="4" height="20" />
        </pattern>
      </defs>
      <path className="river-quiet" d={pathOf(bars)} />
      <path className="river-warning" d={troublePathOf(bars, "warning")} />
      <path className="river-critical" d={troublePathOf(bars, "critical")} />
      {timeline.gaps.map(({ since, until }) => {
        const x = shareOf(Date.parse(since), span) * WIDE;
        const wide = Math.max(2, shareOf(Date.parse(until), span) * WIDE - x);
        return <rect key={since} className="river-gap" x={x} width={wide} height={HIGH} />;
      })}
      {oldest > 0 && <rect className="river-unkept" width={oldest * WIDE} height={HIGH} />}
    </svg>
  );
}

/** The strokes of what was in trouble: as high as there was much of it, from the ground of the river. */
function troublePathOf(bars: readonly Bar[], severity: Severity): string {
  return pathOf(bars.filter(({ worst }) => worst === severity).map((bar) => ({ ...bar, high: bar.deep })));
}

function pathOf(bars: readonly Bar[]): string {
  return bars
    .map(({ at, wide, high }) => {
      const [x, y] = [round(at * WIDE), round(HIGH - high * HIGH)];
      return `M${x} ${HIGH}V${y}h${round(Math.max(1, wide * WIDE))}V${HIGH}z`;
    })
    .join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function Ticks({ span }: { readonly span: Span }) {
  const { tick } = useLanguage();
  const from = Math.round(span.from / 60_000);
  const to = Math.round(span.to / 60_000);
  const ticks = useMemo(() => ticksOf({ from: from * 60_000, to: to * 60_000 }, MOST_TICKS), [from, to]);
  const worded = ticks.filter((one) => shareOf(one, span) < LAST_TICK);
  const isLong = to - from > 2 * 24 * 60;
  return (
    <span className="river-ticks" aria-hidden="true">
      {worded.map((one) => (
        <span key={one} style={{ left: `${shareOf(one, span) * 100}%` }}>
          {tick(one, isLong)}
        </span>
      ))}
    </span>
  );
}
