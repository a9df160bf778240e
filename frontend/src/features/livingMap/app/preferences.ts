/** What a person prefers, remembered in this browser: the theme, the language, how new problems draw attention, and that the introduction was read. */

import { useEffect, useSyncExternalStore } from "react";
import { useMedia } from "../hooks/useMedia.ts";
import { type Locale, preferredLocale } from "../i18n/i18n.tsx";

export type Theme = "dark" | "light";
type Preferences = {
  readonly theme: Theme;
  readonly locale: Locale;
  readonly introduced: boolean;
  /** Whether a new problem is heard. */
  readonly sound: boolean;
  /** Whether a new problem is shown by the browser while the page is not seen. */
  readonly notifications: boolean;
};

const KEY = "livingmap.preferences";
const listeners = new Set<() => void>();
const light = globalThis.matchMedia?.("(prefers-color-scheme: light)");
let current: Preferences = { ...usual(), ...remembered() };

// who has chosen no theme sees that of the system, when it turns at dusk as well
light?.addEventListener("change", () => take(remembered().theme ?? usual().theme));

function usual(): Preferences {
  const locale = preferredLocale(globalThis.navigator?.languages ?? []);
  return {
    theme: light?.matches ? "light" : "dark",
    locale,
    introduced: false,
    sound: false,
    notifications: false,
  };
}

function take(theme: Theme): void {
  current = { ...current, theme };
  for (const listener of listeners) listener();
}

function remembered(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>;
  } catch {
    return {};
  }
}

/** Prefer something else, from now on and next time. */
export function prefer(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...remembered(), ...change }));
  } catch {
    // then it holds for this page alone
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The preferences; the document follows them. */
export function usePreferences(): Preferences {
  const preferences = useSyncExternalStore(subscribe, () => current);
  const { theme, locale } = preferences;
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    document.documentElement.lang = locale;
  }, [theme, locale]);
  return preferences;
}

export function useReducedMotion(): boolean {
  return useMedia("(prefers-reduced-motion: reduce)");
}
