import { type RefObject, useEffect } from "react";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import type { MapHandle } from "../map/MapView.tsx";
import { go } from "./url.ts";

/** The keys of the whole page. In text fields and on buttons they keep their usual meaning. */
export function useKeys(map: RefObject<MapHandle | null>): void {
  const client = useLivingMapClient();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
      const target = event.target as HTMLElement;
      if (event.key === "Escape") close(target);
      if (target.closest("input, select, textarea, button, summary, a")) return;
      if (event.key === "/") focusSearch(event);
      else if (event.key === " " && !event.defaultPrevented) {
        event.preventDefault();
        if (client.getState().paused) client.resume();
        else client.pause();
      } else if (event.key === "0") map.current?.fit();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [client, map]);
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
