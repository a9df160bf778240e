import { describe, expect, test } from "vitest";
import { CLOSED, type Effect, type Input, type Machine, step } from "./machine.ts";

const VIEW = { x: 10, y: 20, zoom: 2 };
const OTHER = { x: -5, y: 0, zoom: 0.4 };
const DRAWN: readonly Input[] = [{ type: "open" }, { type: "ready", count: 9 }];

/** Run the machine; the answer has the effects of the last input alone. */
function run(inputs: readonly Input[], from: Machine = CLOSED): { machine: Machine; effects: readonly Effect[] } {
  let machine = from;
  let effects: readonly Effect[] = [];
  for (const input of inputs) ({ machine, effects } = step(machine, input));
  return { machine, effects };
}

const phaseAfter = (...inputs: Input[]) => run(inputs).machine.phase;
const effectsAfter = (...inputs: Input[]) => run(inputs).effects;

describe("the life of the map", () => {
  test("leads from loading over drawn, paused, lost and restored to destroyed", () => {
    const inputs: Input[] = [
      { type: "open" },
      { type: "ready", count: 3 },
      { type: "hide" },
      { type: "lost", view: VIEW },
      { type: "restored" },
      { type: "ready", count: 3 },
      { type: "show" },
      { type: "destroy" },
      { type: "open" },
    ];
    const phases = inputs.map((_, at) => phaseAfter(...inputs.slice(0, at + 1)));
    expect(phases).toEqual([
      "loading",
      "drawn",
      "paused",
      "lost",
      "loading",
      "paused",
      "drawn",
      "destroyed",
      "destroyed",
    ]);
  });

  test("begins with everything in sight", () => {
    expect(effectsAfter(...DRAWN)).toEqual([{ do: "fit", isInstant: true }, { do: "mark" }, { do: "draw" }]);
  });

  test("begins where the page wants it", () => {
    const [open, ready] = DRAWN as [Input, Input];
    expect(effectsAfter({ type: "request", view: VIEW }, open, ready)[0]).toEqual({ do: "look", view: VIEW });
  });

  test("begins at the thing that was asked for while it was loading", () => {
    const [open, ready] = DRAWN as [Input, Input];
    expect(effectsAfter(open, { type: "follow", id: "node:1" }, ready)[0]).toEqual({ do: "follow", id: "node:1" });
  });

  test("is drawn again when the page is seen again", () => {
    expect(effectsAfter(...DRAWN, { type: "hide" }, { type: "show" })).toEqual([{ do: "draw" }]);
  });

  test("waits for graphics that were lost, then makes new ones, and looks where it looked", () => {
    const lost: Input[] = [...DRAWN, { type: "steer", view: OTHER }, { type: "lost", view: OTHER }];
    expect(effectsAfter(...lost)).toEqual([{ do: "wait", ms: 2000 }]);
    for (const type of ["restored", "overdue"] as const) {
      expect(effectsAfter(...lost, { type })).toEqual([{ do: "load", isPlain: false }]);
      expect(effectsAfter(...lost, { type }, { type: "ready", count: 9 })[0]).toEqual({ do: "look", view: OTHER });
    }
  });

  test("does without graphics hardware that is lost again and again", () => {
    const loss: Input[] = [{ type: "lost", view: VIEW }, { type: "overdue" }, { type: "ready", count: 9 }];
    const thrice = [...DRAWN, ...loss, ...loss, { type: "lost", view: VIEW } as const];
    expect(effectsAfter(...thrice, { type: "overdue" })).toEqual([{ do: "load", isPlain: true }]);
    expect(effectsAfter(...thrice, { type: "restored" })).toEqual([{ do: "load", isPlain: false }]);
  });

  test("draws plainly where it may not use the graphics hardware, and fails where it cannot do that either", () => {
    const failed: Input = { type: "failed" };
    expect(effectsAfter({ type: "open" }, failed)).toEqual([{ do: "load", isPlain: true }]);
    expect(phaseAfter({ type: "open" }, failed, { type: "ready", count: 1 })).toBe("drawn");
    expect(phaseAfter({ type: "open" }, failed, failed)).toBe("failed");
    expect(effectsAfter({ type: "open" }, failed, failed, { type: "steer", view: VIEW })).toEqual([]);
  });

  test("ends once, and nothing follows", () => {
    expect(effectsAfter(...DRAWN, { type: "destroy" })).toEqual([{ do: "destroy" }]);
    expect(effectsAfter(...DRAWN, { type: "destroy" }, { type: "lost", view: VIEW })).toEqual([]);
    expect(effectsAfter({ type: "open" }, { type: "destroy" }, { type: "ready", count: 1 })).toEqual([]);
  });

  test.each(["restored", "overdue", "failed", "show"] as const)("is not troubled by a late %s", (type) => {
    const { machine } = run(DRAWN);
    expect(step(machine, { type })).toEqual({ machine, effects: [] });
  });
});

describe("the course of the map", () => {
  const course = (...inputs: Input[]) => run([...DRAWN, ...inputs]).machine.course.name;

  test("is dragged, rests, follows, rests, and shows everything again", () => {
    const inputs: Input[] = [
      { type: "steer", view: OTHER },
      { type: "rest", view: OTHER },
      { type: "follow", id: "agent:x" },
      { type: "rest", view: VIEW },
      { type: "fit", count: 9 },
      { type: "rest", view: OTHER },
    ];
    const names = inputs.map((_, at) => course(...inputs.slice(0, at + 1)));
    expect(names).toEqual(["dragging", "resting", "following", "resting", "whole", "whole"]);
  });

  test("widens as things are added, until somebody moves the map", () => {
    const grow: Input = { type: "grow", count: 30 };
    expect(effectsAfter(...DRAWN, grow)).toEqual([{ do: "fit", isInstant: false }]);
    expect(effectsAfter(...DRAWN, { type: "grow", count: 18 })).toEqual([]);
    expect(effectsAfter(...DRAWN, { type: "steer", view: VIEW }, grow)).toEqual([]);
    expect(effectsAfter(...DRAWN, { type: "request", view: VIEW }, grow)).toEqual([]);
    expect(effectsAfter(...DRAWN, { type: "steer", view: VIEW }, { type: "fit", count: 9 }, grow)).toHaveLength(1);
  });

  test("fits another size only while it shows everything", () => {
    const resize: Input = { type: "resize", count: 9 };
    expect(effectsAfter(...DRAWN, resize)).toEqual([{ do: "fit", isInstant: true }]);
    expect(effectsAfter(...DRAWN, { type: "follow", id: "agent:x" }, resize)).toEqual([]);
  });

  test("is reported when a person moved the map, not when it moved by itself", () => {
    expect(effectsAfter(...DRAWN, { type: "rest", view: VIEW })).toEqual([]);
    const dragged: Input[] = [...DRAWN, { type: "steer", view: OTHER }, { type: "rest", view: OTHER }];
    expect(effectsAfter(...dragged)).toEqual([{ do: "report", view: OTHER }]);
  });

  test("does not fly where the page only repeats what was reported", () => {
    const reported: Input[] = [...DRAWN, { type: "steer", view: OTHER }, { type: "rest", view: OTHER }];
    expect(effectsAfter(...reported, { type: "request", view: OTHER })).toEqual([]);
    expect(effectsAfter(...reported, { type: "request", view: VIEW })).toEqual([{ do: "fly", view: VIEW }]);
  });
});

describe("the attention of the map", () => {
  test("holds a thing until it is held again, something is picked, or Escape lets go of it", () => {
    const held = run([{ type: "hold", id: "node:x" }], run(DRAWN).machine);
    expect([held.machine.attention.held, held.effects]).toEqual(["node:x", [{ do: "hold", id: "node:x" }]]);
    const released: readonly Input[] = [
      { type: "hold", id: "node:x" },
      { type: "pick", id: null },
      { type: "escape" },
    ];
    for (const input of released) {
      const { machine, effects } = run([input], held.machine);
      expect([machine.attention.held, effects[0]]).toEqual([null, { do: "hold", id: null }]);
    }
  });

  test("marks what the page selects; what a person picks is the page's to select", () => {
    const selected = run([...DRAWN, { type: "select", id: "agent:x" }]);
    expect([selected.machine.attention.selected, selected.effects]).toEqual(["agent:x", [{ do: "mark" }]]);
    const picked = run([...DRAWN, { type: "pick", id: "agent:x" }]);
    expect([picked.machine.attention.selected, picked.effects]).toEqual([null, [{ do: "pick", id: "agent:x" }]]);
  });

  test("marks what is hovered once, however often the pointer moves over it", () => {
    const hover: Input = { type: "hover", key: "node:1" };
    expect(effectsAfter(...DRAWN, hover)).toEqual([{ do: "mark" }]);
    expect(effectsAfter(...DRAWN, hover, hover)).toEqual([]);
  });

  test("lets go of focus and selection with Escape, and then leaves with Tab", () => {
    const busy: Input[] = [...DRAWN, { type: "select", id: "agent:x" }, { type: "focus", key: "node:1" }];
    const { machine, effects } = run([...busy, { type: "escape" }]);
    expect(effects).toEqual([{ do: "focus", key: null }, { do: "mark" }, { do: "pick", id: null }]);
    expect(machine.attention.isLeaving).toBe(true);
    expect(run([{ type: "tab" }], machine).machine.attention.isLeaving).toBe(false);
  });

  test("lets go of the focus when another part of the page has it", () => {
    const effects = effectsAfter(...DRAWN, { type: "focus", key: "node:1" }, { type: "blur" });
    expect(effects).toEqual([{ do: "focus", key: null }, { do: "mark" }]);
    expect(effectsAfter(...DRAWN, { type: "blur" })).toEqual([]);
  });
});
