/** When somebody looked at the map last in this browser. */

import { useEffect, useState } from "react";

const KEY = "livingmap.seen";
const NOTED_MS = 20_000;
/** Who was away for less has missed nothing. */
const ABSENCE_MS = 10 * 60_000;

/** Since when nobody looked, in ms since 1970; null where that is not long ago, or never was. While the page is seen and live, that is noted. */
export function useAbsence(isLive: boolean): number | null {
  const [leftAt] = useState(() => {
    const seen = noted();
    return seen !== null && Date.now() - seen > ABSENCE_MS ? seen : null;
  });
  useEffect(() => {
    if (!isLive) return;
    const note = () => document.visibilityState === "visible" && keep();
    note();
    const timer = setInterval(note, NOTED_MS);
    window.addEventListener("pagehide", note);
    return () => {
      clearInterval(timer);
      window.removeEventListener("pagehide", note);
    };
  }, [isLive]);
  return leftAt;
}

function noted(): number | null {
  try {
    return Number(localStorage.getItem(KEY)) || null;
  } catch {
    return null; // storage that is switched off
  }
}

function keep(): void {
  try {
    localStorage.setItem(KEY, String(Date.now()));
  } catch {
    // then nothing is known of an absence
  }
}
