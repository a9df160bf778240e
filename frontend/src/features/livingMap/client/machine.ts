/**
 * The life of a connection as a pure state machine: what follows from whatever happens. It knows neither
 * socket nor timer nor clock; `LivingMapClient` does what it says.
 */

export type Transport = "websocket" | "events";

export type Phase =
  | { readonly name: "idle" }
  | { readonly name: "loading" }
  | { readonly name: "opening"; readonly transport: Transport }
  | { readonly name: "live"; readonly transport: Transport }
  | { readonly name: "waiting" }
  | { readonly name: "unauthenticated" }
  | { readonly name: "forbidden" }
  | { readonly name: "refused" }
  | { readonly name: "error" };

export type Machine = {
  readonly phase: Phase;
  /** Whether there is a snapshot to go on from. */
  readonly loaded: boolean;
  /** Whether there ever was a live connection: from then on the client reconnects rather than connects. */
  readonly lived: boolean;
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** Whether the map refused the last token: after the first refusal a new token is requested, after the second the client gives up. */
  readonly rejected: boolean;
  /** How long the map asks clients to stay away while it restarts. */
  readonly advisedMs: number | null;
};

/**
 * How a request or a connection ended: an HTTP status, a WebSocket close code, or neither if the network failed. It is
 * hopeless if the address is not one.
 */
export type Ending = { readonly status?: number; readonly code?: number; readonly isHopeless?: boolean };

export type Input =
  | { readonly type: "start" }
  | { readonly type: "stop" }
  | { readonly type: "retry" }
  | { readonly type: "due" }
  | { readonly type: "loaded" }
  | { readonly type: "message" }
  | { readonly type: "advised"; readonly retryAfterMs: number }
  | { readonly type: "silent" }
  | { readonly type: "ended"; readonly how: Ending };

export type Effect =
  | { readonly do: "load" }
  | { readonly do: "open"; readonly transport: Transport }
  | { readonly do: "close" }
  | { readonly do: "wait"; readonly ms: number };

export type Step = { readonly machine: Machine; readonly effects: readonly Effect[] };

export const IDLE: Machine = {
  phase: { name: "idle" },
  loaded: false,
  lived: false,
  failures: 0,
  rejected: false,
  advisedMs: null,
};

/** After so many failures in a row without ever a connection, there is no point in calling it connecting. */
const MOST_FAILURES = 3;
const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 15_000;

/** Return what follows from `input`. `random` gives numbers between 0 and 1, to spread many clients in time. */
export function step(machine: Machine, input: Input, random: () => number): Step {
  const { phase } = machine;
  switch (input.type) {
    case "start":
      return phase.name === "idle" ? attempt(machine) : same(machine);
    case "stop":
      return { machine: { ...IDLE, loaded: machine.loaded }, effects: [{ do: "close" }] };
    case "retry":
      return isAtRest(phase) ? attempt({ ...machine, failures: 0, rejected: false }) : same(machine);
    case "due":
      return phase.name === "waiting" ? attempt(machine) : same(machine);
    case "loaded":
      return phase.name === "loading" ? open({ ...machine, loaded: true }, "websocket") : same(machine);
    case "message":
      return phase.name === "opening" ? live(machine, phase.transport) : same(machine);
    case "advised":
      return same({ ...machine, advisedMs: input.retryAfterMs });
    case "silent":
      return isUnderWay(phase) ? failed(machine, random, [{ do: "close" }]) : same(machine);
    case "ended":
      return isUnderWay(phase) ? ended(machine, input.how, random) : same(machine);
  }
}

function isAtRest(phase: Phase): boolean {
  return ["waiting", "unauthenticated", "forbidden", "refused", "error"].includes(phase.name);
}

function isUnderWay(phase: Phase): boolean {
  return ["loading", "opening", "live"].includes(phase.name);
}

function same(machine: Machine): Step {
  return { machine, effects: [] };
}

/** Connect once more: if a snapshot is there, the stream goes on from its cursor. */
function attempt(machine: Machine): Step {
  if (machine.loaded) return open(machine, "websocket");
  return { machine: { ...machine, phase: { name: "loading" } }, effects: [{ do: "load" }] };
}

function open(machine: Machine, transport: Transport): Step {
  return { machine: { ...machine, phase: { name: "opening", transport } }, effects: [{ do: "open", transport }] };
}

function live(machine: Machine, transport: Transport): Step {
  const phase: Phase = { name: "live", transport };
  return same({ ...machine, phase, loaded: true, lived: true, failures: 0, rejected: false, advisedMs: null });
}

function ended(machine: Machine, how: Ending, random: () => number): Step {
  if (how.isHopeless) return rest(machine, "error");
  if (how.status === 401 || how.code === 4401) {
    return machine.rejected ? rest(machine, "unauthenticated") : attempt({ ...machine, rejected: true });
  }
  if (how.status === 403 || how.code === 4403) return rest(machine, "forbidden");
  // 1008 and a bad request: asking the same again would be refused again.
  if (how.code === 1008 || how.status === 400 || how.status === 422) return rest(machine, "refused");
  return failed(machine, random, []);
}

function rest(machine: Machine, name: "unauthenticated" | "forbidden" | "refused" | "error"): Step {
  return same({ ...machine, phase: { name }, rejected: false });
}

/** Where a WebSocket is blocked, server-sent events may get through; otherwise wait, longer each time, and retry. */
function failed(machine: Machine, random: () => number, effects: readonly Effect[]): Step {
  const { phase } = machine;
  if (phase.name === "opening" && phase.transport === "websocket") {
    const next = open(machine, "events");
    return { machine: next.machine, effects: [...effects, ...next.effects] };
  }
  const ms = machine.advisedMs ?? backoffMs(machine.failures, random);
  const waiting: Machine = {
    ...machine,
    phase: { name: "waiting" },
    failures: machine.failures + 1,
    advisedMs: null,
  };
  return { machine: waiting, effects: [...effects, { do: "wait", ms }] };
}

/** Return how long to wait: between half and all of a time that doubles with each failure ("equal jitter"). */
export function backoffMs(failures: number, random: () => number): number {
  const most = Math.min(MOST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures, 10));
  return Math.round(most / 2 + (most / 2) * random());
}

/** The state of the connection as people and programs see it. */
export type ConnectionStatus =
  | "idle"
  | "connecting"
  | "live"
  | "reconnecting"
  | "unauthenticated"
  | "forbidden"
  | "refused"
  | "error";

export function statusOf({ phase, lived, failures }: Machine): ConnectionStatus {
  switch (phase.name) {
    case "loading":
    case "opening":
    case "waiting":
      return lived ? "reconnecting" : failures < MOST_FAILURES ? "connecting" : "error";
    default:
      return phase.name;
  }
}
