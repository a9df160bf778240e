/** The moment that the page shows: the map follows the address, and the address follows what is played. */

import { useEffect, useMemo, useRef } from "react";
import type { LivingMapClient } from "../client/client.ts";
import type { MapState, ShownTime } from "../client/state.ts";
import { reach } from "../client/time.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLivingMap } from "../hooks/selectors.ts";
import { useClock } from "./calm.ts";
import { go, place, usePlace } from "./url.ts";

const FOLLOWED_MS = 1000;
/** So finely a moment that is played is asked for. */
const PLAYED_MS = 60_000;

export const DAY = 24 * 3_600_000;

/** So many times as fast as it happened what was is played, unless somebody chooses otherwise. */
export const USUAL_SPEED = 60;

/** Return a moment as an address has it. */
export function textOf(moment: number): string {
  return new Date(moment).toISOString().replace(".000Z", "Z");
}

/** Show a moment, given in ms since 1970. After a jump the back button returns. */
export function goTo(moment: number, isJump = false): void {
  go({ at: textOf(moment) }, isJump);
}

/** Show a moment as the map gave it: its times are finer than milliseconds. */
export function goToTime(at: string, isJump = false): void {
  go({ at }, isJump);
}

export function goLive(): void {
  go({ at: null });
}

/** What shows the newest there is: the present, or the end of a map that has none. */
export function useGoToNewest(): () => void {
  const to = useLivingMap(({ recording }) => recording?.to);
  return to === undefined ? goLive : () => goToTime(to);
}

/** Now in ms, looked at every `everyMs`: for a map without a present its end. */
export function useNewest(everyMs: number): number {
  const clock = useClock(everyMs);
  const to = useLivingMap(({ recording }) => recording?.to);
  return to === undefined ? clock : reach(to);
}

/** Which moment is shown. */
export function useTime(): ShownTime {
  return useLivingMap((state) => state.time);
}

const RELATIVE = /^-(\d+)([smhd])$/;
const UNITS_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: DAY };

/** Return the moment that is shown or, until it is there, asked for, in ms since 1970; null where only the map knows which that is. */
export function askedMoment({ mode, moment, at }: ShownTime, now: number): number | null {
  if (mode === "live") return now;
  if (moment !== null) return moment;
  const [, count, unit] = RELATIVE.exec(at ?? "") ?? [];
  if (unit !== undefined) return now - Number(count) * (UNITS_MS[unit] ?? 0);
  // a browser takes much for a time that is none
  return (/^\d{4}-/.test(at ?? "") && Date.parse(at ?? "")) || null;
}

/** Return a state that is of the past as soon as the address is: what is laid out for the past need not move when it comes. */
export function useAddressed(state: MapState): MapState {
  const { at } = usePlace();
  return useMemo(() => {
    if (at === null || state.time.mode === "past") return state;
    return { ...state, time: { ...state.time, mode: "past", at, isLoading: true } };
  }, [state, at]);
}

/** Whether what is shown is not the present. */
export function usePast(): boolean {
  return useLivingMap((state) => state.time.mode === "past");
}

/** The moment as `at` of a question to the API; undefined for the present. While it is played it is asked for rarely. */
export function useAskedMoment(): string | undefined {
  const { mode, moment, at, isLoading, speed } = useTime();
  const asked = useRef<number | null>(null);
  if (mode === "live" || moment === null) asked.current = null;
  else if (speed === null || Math.abs(moment - (asked.current ?? 0)) >= PLAYED_MS) asked.current = moment;
  if (asked.current === null) return undefined;
  return at !== null && !isLoading && reach(at) === asked.current ? at : textOf(asked.current);
}

/** Up to when the history is asked for, as its `until`; undefined for the present. */
export function useHistoryEnd(): string | undefined {
  const at = useAskedMoment();
  return at === undefined ? undefined : textOf(Date.parse(at) + 1);
}

/** The end of a chart moves with the clock at this pace, so that an answer can be kept for a while. */
const PACE_MS = 5 * 60_000;

/** From when until when a chart goes: to the moment that is shown, and of the present to a little while ago. */
export function useStretch(span: number, paceMs = PACE_MS): readonly [number, number] {
  const clock = useNewest(paceMs);
  const moment = useAskedMoment();
  const to = moment === undefined ? Math.floor(clock / paceMs) * paceMs : Date.parse(moment);
  return [to - span, to];
}

/** Let the map show the moment of the address, and the address the moment that the map has come to. */
export function useMomentOfAddress(): void {
  const client = useLivingMapClient();
  const { at } = usePlace();
  useEffect(() => show(client, at), [client, at]);
  useEffect(() => follow(client), [client]);
}

function show(client: LivingMapClient, at: string | null): void {
  const { time } = client.getState();
  if (at === null) client.live();
  else if (time.mode === "live" || !isAt(at, time)) client.seek(at);
}

/** Whether it is a moment that is shown or being read. */
function isAt(at: string, { at: asked, moment, isLoading }: ShownTime): boolean {
  return asked === at || (!isLoading && reach(at) === moment);
}

function follow(client: LivingMapClient): () => void {
  let writtenAt = 0;
  let last = client.getState().time;
  return client.subscribe(() => {
    const { time } = client.getState();
    if (time === last) return;
    const { mode } = last;
    last = time;
    if (time.mode === "live") {
      if (mode === "past" && place().at !== null) goLive();
    } else if (time.moment !== null && !time.isLoading) {
      if (time.speed !== null && performance.now() - writtenAt < FOLLOWED_MS) return;
      writtenAt = performance.now();
      write(time.moment, time.at);
    }
  });
}

/** What was relative is a time from here on: the link is to show the same tomorrow. */
function write(moment: number, text: string | null): void {
  const { at } = place();
  if (at === null || reach(at) === moment) return;
  if (text !== null && reach(text) === moment) goToTime(text);
  else goTo(moment);
}
