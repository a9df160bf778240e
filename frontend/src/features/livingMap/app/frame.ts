/**
 * The messages of a page that frames the map. What that page may be, `ui.embedders` says; whoever else sends messages
 * is not listened to, and nothing is sent to them.
 */

import { useEffect, useRef } from "react";
import { adoptToken, metaContent } from "./session.ts";

/** What the framing page may ask for, besides handing in a token. */
export type FrameActions = { select(id: string | null): void; fly(id: string): void };

const isFramed = globalThis.window !== undefined && window.parent !== window;
let actions: FrameActions | null = null;
/** What was asked for before the map was there. */
let waiting: ((page: FrameActions) => void)[] = [];
/** The origin of the framing page; null until it is known. */
let embedder: string | null = null;
/** What is selected, and what the framing page was sent last. */
let selected: string | null = null;
let sent: string | null = null;

function isAllowed(origin: string): boolean {
  const embedders = metaContent("livingmap-embedders")?.split(" ") ?? [];
  return origin === location.origin || embedders.includes(origin);
}

/** Listen to the framing page, and let it know that it may send. */
export function openFrame(): () => void {
  if (!isFramed) return () => undefined;
  const [ancestor] = location.ancestorOrigins ?? [];
  if (ancestor && isAllowed(ancestor)) embedder = ancestor;
  window.addEventListener("message", onMessage);
  // Whose page it is may not be known yet, and this message holds no secret.
  window.parent.postMessage({ kind: "livingmap.ready" }, "*");
  return () => window.removeEventListener("message", onMessage);
}

function onMessage({ data, origin, source }: MessageEvent): void {
  if (source !== window.parent || !isAllowed(origin)) return;
  embedder = origin;
  report();
  const { kind, id, token } = (data ?? {}) as { kind?: unknown; id?: unknown; token?: unknown };
  if (kind === "livingmap.token" && typeof token === "string") adoptToken(token);
  if (kind === "livingmap.select" && (typeof id === "string" || id === null)) perform((page) => page.select(id));
  if (kind === "livingmap.fly" && typeof id === "string") perform((page) => page.fly(id));
}

function perform(act: (page: FrameActions) => void): void {
  if (actions) act(actions);
  else waiting.push(act);
}

function report(): void {
  if (!isFramed || !embedder || selected === sent) return;
  sent = selected;
  window.parent.postMessage({ kind: "livingmap.selected", id: selected }, embedder);
}

/** Let the framing page select and fly once the map `isReady`, and send it what is selected here. */
export function useFrame(page: FrameActions, isReady: boolean, selection: string | null): void {
  const latest = useRef(page);
  useEffect(() => {
    latest.current = page;
    selected = selection;
    report();
  });
  useEffect(() => {
    if (!isReady) return;
    actions = { select: (id) => latest.current.select(id), fly: (id) => latest.current.fly(id) };
    for (const act of waiting) act(actions);
    waiting = [];
    return () => {
      actions = null;
    };
  }, [isReady]);
}
