import { describe, expect, test } from "vitest";
import { backoffMs, type Effect, IDLE, type Input, type Machine, type Phase, statusOf, step } from "./machine.ts";

const LATEST = () => 1;

const phases = {
  idle: { name: "idle" },
  loading: { name: "loading" },
  byWebSocket: { name: "opening", transport: "websocket" },
  byEvents: { name: "opening", transport: "events" },
  live: { name: "live", transport: "websocket" },
  liveByEvents: { name: "live", transport: "events" },
  waiting: { name: "waiting" },
  unauthenticated: { name: "unauthenticated" },
  forbidden: { name: "forbidden" },
  refused: { name: "refused" },
  error: { name: "error" },
} as const satisfies Record<string, Phase>;

const start: Input = { type: "start" };
const stop: Input = { type: "stop" };
const retry: Input = { type: "retry" };
const due: Input = { type: "due" };
const loaded: Input = { type: "loaded" };
const message: Input = { type: "message" };
const silent: Input = { type: "silent" };
const status = (status: number): Input => ({ type: "ended", how: { status } });
const code = (code: number): Input => ({ type: "ended", how: { code } });
const hopeless: Input = { type: "ended", how: { isHopeless: true } };
const lost: Input = { type: "ended", how: {} };

const load: Effect = { do: "load" };
const close: Effect = { do: "close" };
const websocket: Effect = { do: "open", transport: "websocket" };
const events: Effect = { do: "open", transport: "events" };
const wait = (ms: number): Effect => ({ do: "wait", ms });

type Row = [
  from: Phase,
  memory: Partial<Machine>,
  input: Input,
  to: Phase,
  remembered: Partial<Machine>,
  effect: Effect | null,
];

const rows: Record<string, Row> = {
  "a start asks for the snapshot": [phases.idle, {}, start, phases.loading, {}, load],
  "a second start goes on from what is there": [
    phases.idle,
    { loaded: true },
    start,
    phases.byWebSocket,
    {},
    websocket,
  ],
  "a start while running changes nothing": [phases.live, {}, start, phases.live, {}, null],
  "a stop closes and keeps what was loaded": [
    phases.live,
    { loaded: true, failures: 3 },
    stop,
    phases.idle,
    { failures: 0, loaded: true },
    close,
  ],
  "a snapshot opens the WebSocket": [phases.loading, {}, loaded, phases.byWebSocket, { loaded: true }, websocket],
  "a snapshot that fails is tried again later": [
    phases.loading,
    {},
    status(503),
    phases.waiting,
    { failures: 1 },
    wait(500),
  ],
  "the first message makes it live": [
    phases.byWebSocket,
    { failures: 4, rejected: true },
    message,
    phases.live,
    { failures: 0, rejected: false, lived: true },
    null,
  ],
  "the first event makes it live": [phases.byEvents, {}, message, phases.liveByEvents, { lived: true }, null],
  "a WebSocket that fails gives way to events": [
    phases.byWebSocket,
    {},
    code(1006),
    phases.byEvents,
    { failures: 0 },
    events,
  ],
  "a WebSocket that stays silent gives way to events": [
    phases.byWebSocket,
    {},
    silent,
    phases.byEvents,
    {},
    events,
  ],
  "events that fail too are tried again later": [
    phases.byEvents,
    { failures: 1 },
    lost,
    phases.waiting,
    { failures: 2 },
    wait(1000),
  ],
  "a wait that is over begins with the WebSocket": [
    phases.waiting,
    { loaded: true, failures: 2 },
    due,
    phases.byWebSocket,
    { failures: 2 },
    websocket,
  ],
  "a wait that is over asks for the snapshot first": [
    phases.waiting,
    { failures: 2 },
    due,
    phases.loading,
    { failures: 2 },
    load,
  ],
  "a line that breaks waits": [phases.live, {}, code(1006), phases.waiting, { failures: 1 }, wait(500)],
  "a peer that is dead is closed": [phases.live, {}, silent, phases.waiting, {}, wait(500)],
  "a restart is waited for as advised": [
    phases.live,
    { advisedMs: 1834 },
    code(1012),
    phases.waiting,
    { advisedMs: null },
    wait(1834),
  ],
  "a client that did not read comes back": [phases.live, {}, code(4408), phases.waiting, {}, wait(500)],
  "a token that ran out is asked for once more": [
    phases.live,
    { loaded: true },
    code(4401),
    phases.byWebSocket,
    { rejected: true },
    websocket,
  ],
  "a token that is rejected twice is given up": [
    phases.byWebSocket,
    { rejected: true },
    code(4401),
    phases.unauthenticated,
    { rejected: false },
    null,
  ],
  "a snapshot without a token is asked for once more": [
    phases.loading,
    {},
    status(401),
    phases.loading,
    { rejected: true },
    load,
  ],
  "events without a token are given up": [
    phases.byEvents,
    { rejected: true },
    status(401),
    phases.unauthenticated,
    {},
    null,
  ],
  "who may not is told so": [phases.live, {}, code(4403), phases.forbidden, {}, null],
  "who may not load is told so": [phases.loading, {}, status(403), phases.forbidden, {}, null],
  "a wrong address is not tried again": [phases.byWebSocket, {}, code(1008), phases.refused, {}, null],
  "a wrong parameter is not tried again": [phases.loading, {}, status(422), phases.refused, {}, null],
  "what is no address is not tried again": [phases.loading, {}, hopeless, phases.error, {}, null],
  "a person may try what is no address": [
    phases.error,
    { failures: 2 },
    retry,
    phases.loading,
    { failures: 0 },
    load,
  ],
  "a new token is tried at once": [
    phases.unauthenticated,
    { failures: 2 },
    retry,
    phases.loading,
    { failures: 0 },
    load,
  ],
  "a person need not wait": [
    phases.waiting,
    { loaded: true, failures: 9 },
    retry,
    phases.byWebSocket,
    { failures: 0 },
    websocket,
  ],
  "a retry while live changes nothing": [phases.live, {}, retry, phases.live, {}, null],
  "what ends after the stop is of no interest": [phases.idle, {}, code(1006), phases.idle, {}, null],
  "advice is remembered": [
    phases.live,
    {},
    { type: "advised", retryAfterMs: 700 },
    phases.live,
    { advisedMs: 700 },
    null,
  ],
};

describe("a connection", () => {
  test.each(Object.entries(rows))("%s", (_, [from, memory, input, to, remembered, effect]) => {
    const before: Machine = { ...IDLE, phase: from, ...memory };
    const [machine, done] = step(before, input, LATEST);
    expect({ phase: machine.phase, effect: done }).toEqual({ phase: to, effect });
    expect(machine).toMatchObject(remembered);
  });

  test("any input in any phase is answered, and only effects that begin something follow a phase at rest", () => {
    const inputs = [
      start,
      stop,
      retry,
      due,
      loaded,
      message,
      silent,
      lost,
      status(401),
      status(403),
      code(1012),
      code(4401),
    ];
    for (const phase of Object.values(phases)) {
      for (const input of inputs) {
        const [machine, effect] = step({ ...IDLE, phase }, input, Math.random);
        const begun = { loading: "load", opening: "open", waiting: "wait" }[machine.phase.name as "loading"];
        if (machine.phase !== phase && begun) expect(effect?.do).toBe(begun);
      }
    }
  });
});

test("waits double, are spread over their second half, and end at 15 s", () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 7, 50].map((failures) => backoffMs(failures, () => 1));
  const shortest = [0, 1, 2, 3, 4, 5, 6, 7, 50].map((failures) => backoffMs(failures, () => 0));
  expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000, 15000]);
  expect(shortest).toEqual(longest.map((ms) => ms / 2));
});

test.each([
  [0, "connecting"],
  [2, "connecting"],
  [3, "error"],
  [30, "error"],
] as const)("after %i failures without ever a connection the status is %s", (failures, word) => {
  for (const phase of [phases.loading, phases.waiting, phases.byEvents])
    expect(statusOf({ ...IDLE, phase, failures })).toBe(word);
  expect(statusOf({ ...IDLE, phase: phases.waiting, lived: true, failures })).toBe("reconnecting");
});

test.each([
  [phases.loading, false, "connecting"],
  [phases.waiting, false, "connecting"],
  [phases.byEvents, true, "reconnecting"],
  [phases.waiting, true, "reconnecting"],
  [phases.live, true, "live"],
  [phases.unauthenticated, true, "unauthenticated"],
] as const)("the status of %o is told in one word", (phase, lived, word) => {
  expect(statusOf({ ...IDLE, phase, lived })).toBe(word);
});
