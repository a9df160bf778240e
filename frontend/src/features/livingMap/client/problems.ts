/** What is wrong with a map, followed by the feed of problems: all at first, then each change. */

import type { MapError, MapHttp } from "./http.ts";
import {
  type ConnectionStatus,
  type Effect,
  ENDED,
  IDLE,
  type Input,
  type Machine,
  statusOf,
  step,
} from "./machine.ts";
import type { components } from "./openapi.ts";
import { Pace } from "./pace.ts";
import type { Wire } from "./wire.ts";
import { errorOf, openWire } from "./wires.ts";

/** A problem, as `GET /living-map/problems` lists it. */
export type Problem = components["schemas"]["ProblemReport"];

export type ProblemsState = {
  /** The gravest first, and of equal ones the oldest. */
  readonly problems: readonly Problem[];
  /** Whether the first answer is still to come. */
  readonly isLoading: boolean;
  readonly error: MapError | null;
  readonly connectionStatus: ConnectionStatus;
};

export const NO_PROBLEMS: ProblemsState = { problems: [], isLoading: true, error: null, connectionStatus: "idle" };

type FeedMessage =
  | { readonly kind: "problems"; readonly items: readonly Problem[] }
  | { readonly kind: "problem"; readonly state: Problem["state"] | "ended"; readonly item: Problem }
  | { readonly kind: "restarting"; readonly retry_after_ms: number }
  | { readonly kind: "warning" | "heartbeat" };

/** The map sends something at least every 15 s: after so long a silence the connection is dead. */
const SILENT_MS = 35_000;
const GRAVITY: readonly Problem["severity"][] = ["critical", "warning", "info"];

/** Follow the problems of a map; `listener` is called with what has changed, at most ten times a second. Returns how to stop. */
export function followProblems(
  http: MapHttp,
  lang: string | null,
  listener: (state: ProblemsState) => void,
): () => void {
  // there is nothing to load before the stream, and nothing to resume
  let machine: Machine = { ...IDLE, loaded: true };
  let state = NO_PROBLEMS;
  let wire: Wire | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const pace = new Pace(() => listener(state));

  const input = (what: Input, error: MapError | null = null): void => {
    const [next, effect] = step(machine, what, Math.random);
    machine = next;
    if (effect) perform(effect);
    if (machine.phase.name !== "live") show({ error: error ?? state.error });
    if (machine.phase.name === "opening" || machine.phase.name === "live") watch();
  };
  const show = (change: Partial<ProblemsState>): void => {
    const connectionStatus = statusOf(machine);
    const hasEnded = ENDED.includes(connectionStatus);
    state = { ...state, ...change, connectionStatus };
    if (hasEnded) state = { ...state, isLoading: false };
    pace.soon();
  };
  const perform = (effect: Effect): void => {
    clearTimeout(timer);
    wire?.close();
    wire = null;
    if (effect.do === "wait") timer = setTimeout(() => input({ type: "due" }), effect.ms);
    else if (effect.do === "open") {
      const events = {
        message: receive,
        ended: (how: object, error: MapError) => input({ type: "ended", how }, error),
      };
      wire = openWire(effect.transport, http, { feed: "problems", lang, layers: null }, events);
    }
  };
  const receive = (text: string): void => {
    try {
      ([JSON.parse(text)].flat() as FeedMessage[]).forEach(take);
    } catch (error) {
      wire?.close();
      input({ type: "ended", how: {} }, errorOf(error));
    }
  };
  const take = (message: FeedMessage): void => {
    if (message.kind === "restarting") input({ type: "advised", retryAfterMs: message.retry_after_ms });
    else if (message.kind === "warning") renew();
    else input({ type: "message" });
    if (message.kind === "problems")
      show({ problems: [...message.items].sort(byGravity), isLoading: false, error: null });
    if (message.kind === "problem") show({ problems: after(state.problems, message.item, message.state) });
  };
  /** Send a new token over the open connection, so that it need not end with the old one. */
  const renew = (): void => {
    const open = wire;
    http.token().then(
      (token) => token && open === wire && open?.show?.(token),
      () => undefined,
    );
  };
  const watch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => input({ type: "silent" }), SILENT_MS);
  };

  input({ type: "start" });
  return () => {
    listener = () => undefined;
    input({ type: "stop" });
    clearTimeout(timer);
    pace.shown();
  };
}

function after(
  problems: readonly Problem[],
  item: Problem,
  state: Problem["state"] | "ended",
): readonly Problem[] {
  const others = problems.filter(({ id }) => id !== item.id);
  return state === "ended" ? others : [...others, item].sort(byGravity);
}

function byGravity(one: Problem, other: Problem): number {
  const difference = GRAVITY.indexOf(one.severity) - GRAVITY.indexOf(other.severity);
  return difference || Date.parse(one.since) - Date.parse(other.since);
}
