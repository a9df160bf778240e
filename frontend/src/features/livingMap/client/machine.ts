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

/** What is to be done; what is open or awaited is closed before. */
export type Effect =
  | { readonly do: "load" }
  | { readonly do: "open"; readonly transport: Transport }
  | { readonly do: "close" }
  | { readonly do: "wait"; readonly ms: number };

export type Step = readonly [machine: Machine, effect: Effect | null];

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

/** Phases that nothing but a retry ends. */
export const ENDED: readonly ConnectionStatus[] = ["unauthenticated", "forbidden", "refused", "error"];

/** Return what follows from `input`. `random` gives numbers between 0 and 1, to spread many clients in time. */
export function step(machine: Machine, input: Input, random: () => number): Step {
  const { phase } = machine;
  const { name } = phase;
  const isRunning = isUnderWay(phase);
  switch (input.type) {
    case "start":
      if (name === "idle") return attempt(machine);
      break;
    case "stop":
      return [{ ...IDLE, loaded: machine.loaded }, { do: "close" }];
    case "retry":
      if (name !== "idle" && !isRunning) return attempt({ ...machine, failures: 0, rejected: false });
      break;
    case "due":
      if (name === "waiting") return attempt(machine);
      break;
    case "loaded":
      if (name === "loading") return open({ ...machine, loaded: true }, "websocket");
      break;
    case "message":
      if (name === "opening") return [{ ...machine, ...LIVED, phase: { ...phase, name: "live" } }, null];
      break;
    case "advised":
      return [{ ...machine, advisedMs: input.retryAfterMs }, null];
    case "silent":
      if (isRunning) return failed(machine, random);
      break;
    case "ended":
      if (isRunning) return ended(machine, input.how, random);
  }
  return [machine, null];
}

/** Whether there is a connection, or one is being made. */
export function isUnderWay({ name }: Phase): boolean {
  return name === "loading" || name === "opening" || name === "live";
}

/** What a first message shows. */
const LIVED = { loaded: true, lived: true, failures: 0, rejected: false, advisedMs: null };

/** Connect once more: if a snapshot is there, the stream goes on from its cursor. */
function attempt(machine: Machine): Step {
  return machine.loaded
    ? open(machine, "websocket")
    : [{ ...machine, phase: { name: "loading" } }, { do: "load" }];
}

function open(machine: Machine, transport: Transport): Step {
  return [
    { ...machine, phase: { name: "opening", transport } },
    { do: "open", transport },
  ];
}

function ended(machine: Machine, { isHopeless, status, code }: Ending, random: () => number): Step {
  if (isHopeless) return rest(machine, "error");
  if (status === 401 || code === 4401) {
    return machine.rejected ? rest(machine, "unauthenticated") : attempt({ ...machine, rejected: true });
  }
  if (status === 403 || code === 4403) return rest(machine, "forbidden");
  // 1008 and a bad request: asking the same again would be refused again.
  if (code === 1008 || status === 400 || status === 422) return rest(machine, "refused");
  return failed(machine, random);
}

function rest(machine: Machine, name: "unauthenticated" | "forbidden" | "refused" | "error"): Step {
  return [{ ...machine, phase: { name }, rejected: false }, null];
}

/** Where a WebSocket is blocked, server-sent events may get through; otherwise wait, longer each time, and retry. */
function failed(machine: Machine, random: () => number): Step {
  const { phase, failures, advisedMs } = machine;
  if (phase.name === "opening" && phase.transport === "websocket") return open(machine, "events");
  return [
    { ...machine, phase: { name: "waiting" }, failures: failures + 1, advisedMs: null },
    { do: "wait", ms: advisedMs ?? backoffMs(failures, random) },
  ];
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

export function statusOf({ phase: { name }, lived, failures }: Machine): ConnectionStatus {
  if (name !== "loading" && name !== "opening" && name !== "waiting") return name;
  return lived ? "reconnecting" : failures < MOST_FAILURES ? "connecting" : "error";
}
