import { describe, expect, test } from "vitest";
import { momentOf, PRESENT, stepTime, type Time, type TimeEffect, type TimeInput } from "./time.ts";

const NOON = Date.parse("2026-11-29T12:00:00.000Z");
const NOON_TEXT = "2026-11-29T12:00:00.000Z";
/** The times of the map are finer than milliseconds. */
const FINE = "2026-11-29T12:00:00.000231Z";

const times = {
  live: PRESENT,
  loading: { ...PRESENT, phase: "loading", at: "-15m" },
  loadingToPlay: { ...PRESENT, phase: "loading", at: "-15m", speed: 10 },
  waiting: { ...PRESENT, phase: "waiting", at: "-15m", failures: 1 },
  failed: { ...PRESENT, phase: "failed", at: "-15m" },
  still: { ...PRESENT, phase: "still", at: "-15m", moment: NOON },
  opening: { ...PRESENT, phase: "opening", at: NOON_TEXT, moment: NOON, speed: 10 },
  openingByEvents: {
    ...PRESENT,
    phase: "opening",
    at: NOON_TEXT,
    moment: NOON,
    speed: 10,
    transport: "events",
  },
  playing: { ...PRESENT, phase: "playing", at: NOON_TEXT, moment: NOON, speed: 10 },
} as const satisfies Record<string, Time>;

const seek: TimeInput = { type: "seek", at: "-1h" };
const play: TimeInput = { type: "play", speed: 100 };
const pause: TimeInput = { type: "pause" };
const live: TimeInput = { type: "live" };
const loaded: TimeInput = { type: "loaded", moment: NOON };
const ended = (how: { status?: number; code?: number } = {}): TimeInput => ({ type: "ended", how });
const moved = (ms: number): TimeInput => ({ type: "moved", moment: NOON + ms });

const close: TimeEffect = { do: "close" };
const load = (at: string): TimeEffect => ({ do: "load", at });
const open = (speed: number, transport: "websocket" | "events" = "websocket"): TimeEffect => ({
  do: "open",
  from: NOON_TEXT,
  speed,
  transport,
});

type Row = [from: Time, input: TimeInput, to: Partial<Time>, effects: TimeEffect[]];

const rows: Record<string, Row> = {
  "a moment is read": [times.live, seek, { phase: "loading", at: "-1h" }, [load("-1h")]],
  "of moments asked for meanwhile the last waits": [times.loading, seek, { at: "-15m", next: "-1h" }, []],
  "the same moment is not read twice": [times.loading, { type: "seek", at: "-15m" }, { next: null }, []],
  "what was read is shown": [times.loading, loaded, { phase: "still", moment: NOON }, []],
  "what was relative is the time that the map gives": [
    times.loading,
    { ...loaded, at: FINE },
    { phase: "still", at: FINE, moment: NOON },
    [],
  ],
  "a moment goes on from the very time that the map gave": [
    { ...times.still, at: FINE, moment: NOON + 1 },
    play,
    { phase: "opening", at: FINE },
    [{ do: "open", from: FINE, speed: 100, transport: "websocket" }],
  ],
  "what was read on the way to another moment is shown, too": [
    { ...times.loading, next: "-1h" },
    loaded,
    { phase: "loading", at: "-1h", moment: NOON },
    [load("-1h")],
  ],
  "what cannot be given for now is asked for again": [
    times.loading,
    ended({ status: 503 }),
    { phase: "waiting", failures: 1 },
    [{ do: "wait", ms: 500 }],
  ],
  "a broken network is waited for, longer each time": [
    { ...times.loading, failures: 3 },
    ended(),
    { phase: "waiting", failures: 4 },
    [{ do: "wait", ms: 4000 }],
  ],
  "after the wait it is read": [times.waiting, { type: "due" }, { phase: "loading" }, [load("-15m")]],
  "in the end it is given up": [{ ...times.loading, failures: 5 }, ended(), { phase: "failed" }, []],
  "a moment that is not kept is not asked for again": [
    times.loading,
    ended({ status: 404 }),
    { phase: "failed", moment: null },
    [],
  ],
  "who went on does not care that the last moment failed": [
    { ...times.loading, next: "-1h" },
    ended({ status: 404 }),
    { phase: "loading", at: "-1h" },
    [load("-1h")],
  ],
  "another moment is tried after a failure": [times.failed, seek, { phase: "loading" }, [load("-1h")]],
  "the same moment can be tried again": [
    times.failed,
    { type: "retry" },
    { phase: "loading" },
    [close, load("-15m")],
  ],
  "what is shown is not read again by a retry": [times.still, { type: "retry" }, { phase: "still" }, []],
  "another person reads the moment anew": [
    times.still,
    { type: "again" },
    { phase: "loading" },
    [close, load("-15m")],
  ],
  "the present needs no reading anew": [times.live, { type: "again" }, PRESENT, []],
  "a moment goes on from where it is": [times.still, play, { phase: "opening", speed: 100 }, [open(100)]],
  "the present cannot be played": [times.live, play, PRESENT, []],
  "what is still being read is played once it is there": [
    times.loading,
    play,
    { phase: "loading", speed: 100 },
    [],
  ],
  "and then it is": [times.loadingToPlay, loaded, { phase: "opening", speed: 10 }, [open(10)]],
  "another speed is another play": [times.playing, play, { phase: "opening", speed: 100 }, [close, open(100)]],
  "a play goes forward": [times.opening, moved(5000), { phase: "playing", moment: NOON + 5000 }, []],
  "a play never goes back": [times.playing, moved(-5000), { phase: "playing", moment: NOON }, []],
  "what arrives after the play is of no interest": [times.still, moved(5000), { moment: NOON }, []],
  "a pause reads the moment itself": [
    times.playing,
    pause,
    { phase: "loading", speed: null },
    [close, load(NOON_TEXT)],
  ],
  "the end of a play reads the last moment itself": [
    times.playing,
    { type: "over" },
    { phase: "loading", speed: null },
    [close, load(NOON_TEXT)],
  ],
  "a pause before the moment is there lets it stand still": [times.loadingToPlay, pause, { speed: null }, []],
  "a jump while it plays goes on playing there": [
    times.playing,
    seek,
    { phase: "loading", at: "-1h", speed: 10 },
    [close, load("-1h")],
  ],
  "where a WebSocket is blocked it plays by events": [
    times.opening,
    ended({ code: 1006 }),
    { phase: "opening", transport: "events" },
    [open(10, "events")],
  ],
  "a play that is refused is not tried otherwise": [
    times.opening,
    ended({ code: 1008 }),
    { phase: "still", speed: null },
    [],
  ],
  "without either it stands still": [times.openingByEvents, ended(), { phase: "still", speed: null }, []],
  "a play that breaks off stands still": [times.playing, ended({ code: 1006 }), { phase: "still" }, []],
  "a play that has come to the present ends there": [times.playing, { type: "arrived" }, PRESENT, [close]],
  "the present is shown at once": [times.loading, live, PRESENT, [close]],
  "the present stays": [times.live, live, PRESENT, []],
  "a stop keeps what is shown": [times.playing, { type: "stop" }, { phase: "still", moment: NOON }, [close]],
  "a stop forgets what was never shown": [times.loading, { type: "stop" }, PRESENT, [close]],
};

describe("time", () => {
  test.each(Object.entries(rows))("%s", (_, [from, input, to, effects]) => {
    const after = stepTime(from, input);
    expect(after.time).toMatchObject(to);
    expect(after.effects).toEqual(effects);
  });

  test("is never live but where the present is shown", () => {
    const modes = Object.entries(times).map(([name, time]) => [name, momentOf(time).mode]);
    expect(modes.filter(([, mode]) => mode === "live")).toEqual([["live", "live"]]);
  });

  test("says what is asked for, also while another moment is still shown", () => {
    const dragged = momentOf({ ...times.loading, moment: NOON, next: "-1h" });
    expect(dragged).toEqual({ mode: "past", moment: NOON, at: "-1h", isLoading: true, speed: null });
  });
});
