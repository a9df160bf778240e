/** The title and the sign of the browser's tab: they say so, too, when what is shown is not the present. */

import { useEffect } from "react";
import type { MapState } from "../client/state.ts";
import type { Doubt } from "../domain/trust.ts";
import { type Language, useLanguage } from "../i18n/i18n.tsx";

/** Let the tab say what is shown: a moment of the past, or what is old; else how many problems are new. */
export function useTab(state: MapState, doubts: readonly Doubt[], fresh: number): void {
  const language = useLanguage();
  const { mode, moment } = state.time;
  const isPast = mode === "past";
  const { words, fill, plural, fullMoment } = language;
  const [gravest] = doubts;
  const title = isPast
    ? fill(words.time.title, { moment: moment === null ? "…" : fullMoment(moment) })
    : gravest
      ? titleOf(gravest, language)
      : fresh > 0
        ? `● ${plural(fresh, words.problems.new)} – ${words.title}`
        : words.title;
  useEffect(() => {
    document.title = title;
  }, [title]);
  useIcon(isPast ? PAST : gravest && gravest.kind !== "pending" ? DOUBT : null);
}

function titleOf({ kind, since }: Doubt, { words, fill, moment }: Language): string {
  return fill(words.trust.title[kind], { moment: since === null ? "–" : moment(since) });
}

function useIcon(sign: string | null): void {
  useEffect(() => {
    const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (!sign || !icon) return;
    const { href } = icon;
    icon.href = sign;
    return () => {
      icon.href = href;
    };
  }, [sign]);
}

function signOf(colour: string, lines: string): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none"><rect width="32" height="32" rx="8" fill="${colour}"/>${lines}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

const PAST = signOf(
  "#6b42c8",
  '<circle cx="16" cy="16" r="10" stroke="#fff" stroke-width="2.6"/><path d="M16 10v6.500l4.500 2.700" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/>',
);
const DOUBT = signOf(
  "#ffb547",
  '<path d="M16 7v11M16 24v.5" stroke="#1d1400" stroke-width="4" stroke-linecap="round"/>',
);
