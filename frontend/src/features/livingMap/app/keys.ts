import { type RefObject, useEffect, useRef } from "react";
import type { LivingMapClient } from "../client/client.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import type { MapHandle } from "../map/MapView.tsx";
import { goLive, USUAL_SPEED } from "./moment.ts";
import { go } from "./url.ts";

/** The keys of the whole page. In text fields they keep their usual meaning, and the space bar on a button. */
export function useKeys(map: RefObject<MapHandle | null>): void {
  const client = useLivingMapClient();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const target = event.target as HTMLElement;
      if (event.key === "Escape") close(target);
      if (target.closest("input, select, textarea")) return;
      if (event.code === "KeyL" && !client.getState().recording) goLive();
      if (event.key === "/") focusSearch(event);
      else if (event.key === "0") map.current?.fit();
      else if (event.key === " " && !event.defaultPrevented && !target.closest("button, summary, a")) {
        event.preventDefault();
        toggle(client);
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [client, map]);
}

/** Give the focus back to where it was before the details took it, once they are closed. */
export function useFocusReturn(select: string | null): void {
  const last = useRef<HTMLElement | null>(null);
  useEffect(() => {
    const onFocus = ({ target }: FocusEvent) => {
      const element = target as HTMLElement;
      if (!element.closest(".details")) last.current = element;
    };
    document.addEventListener("focusin", onFocus);
    return () => document.removeEventListener("focusin", onFocus);
  }, []);
  useEffect(() => {
    const isLost = document.activeElement === null || document.activeElement === document.body;
    if (select === null && isLost && last.current) (last.current.isConnected ? last.current : stage())?.focus();
  }, [select]);
}

/** The map or the table: what the page is about. */
export function stage(): HTMLElement | null {
  return document.querySelector<HTMLElement>("main [tabindex='0']");
}

/** In the past, what is paused is the play. */
function toggle(client: LivingMapClient): void {
  const { paused, time } = client.getState();
  if (time.mode === "past" && time.speed === null) client.play(USUAL_SPEED);
  else if (paused) client.resume();
  else client.pause();
}

function close(target: HTMLElement): void {
  if (target.closest("input, select")) target.blur();
  else go({ select: null });
}

function focusSearch(event: KeyboardEvent): void {
  event.preventDefault();
  go({ panel: "search" });
  requestAnimationFrame(() => document.getElementById("search")?.focus());
}
