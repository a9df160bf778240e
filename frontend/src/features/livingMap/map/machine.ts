/**
 * The life of the map as a pure state machine: what follows from whatever happens. It knows neither canvas nor clock;
 * `Controller` does what it says.
 *
 *              open           ready           hide, show
 *     closed ───────► loading ───────► drawn ◄───────────► paused
 *                      ▲   │             │                   │
 *       restored,      │   │ failed      │ lost              │ lost
 *       overdue        │   ▼ twice       ▼                   │
 *                      │ failed         lost ◄───────────────┘
 *                      └─────────────────┘
 *
 * `destroy` leads from everywhere to `destroyed`, and nothing leads out of it. Beside that the machine has a course,
 * which tells why the map looks where it looks, and an attention, which tells what is selected, hovered and focused.
 */

import { type Attention, type AttentionEffect, type AttentionInput, attended, UNATTENDED } from "./attention.ts";
import type { View } from "./camera.ts";
import { begun, type Course, type CourseEffect, type CourseInput, steered, WHOLE } from "./course.ts";

export type Phase = "closed" | "loading" | "drawn" | "paused" | "lost" | "failed" | "destroyed";

export type Machine = {
  readonly phase: Phase;
  /** Whether the page is hidden: behind another tab, or minimised. */
  readonly isHidden: boolean;
  /** How often in a row the graphics were lost and the browser did not give them back. */
  readonly losses: number;
  /** Whether the map is drawn without graphics hardware. */
  readonly isPlain: boolean;
  readonly course: Course;
  readonly attention: Attention;
};

export type Input =
  | { readonly type: "open" | "failed" | "hide" | "show" | "restored" | "overdue" | "destroy" }
  /** A canvas is there and can be drawn on; `count` things are. */
  | { readonly type: "ready"; readonly count: number }
  /** The browser took the graphics away while the map looked at `view`. */
  | { readonly type: "lost"; readonly view: View }
  | CourseInput
  | AttentionInput;

export type Effect =
  /** Make a canvas and what draws on it; `isPlain`: without the graphics hardware, which was lost again and again. */
  | { readonly do: "load"; readonly isPlain: boolean }
  | { readonly do: "draw" | "destroy" }
  | { readonly do: "wait"; readonly ms: number }
  | CourseEffect
  | AttentionEffect;

export type Step = { readonly machine: Machine; readonly effects: readonly Effect[] };

export const CLOSED: Machine = {
  phase: "closed",
  isHidden: false,
  losses: 0,
  isPlain: false,
  course: WHOLE,
  attention: UNATTENDED,
};

/** How long the browser has to give the graphics back before new ones are made. */
const PATIENCE_MS = 2000;
const MOST_LOSSES = 3;

/** Return what follows from `input`. */
export function step(machine: Machine, input: Input): Step {
  const { phase } = machine;
  if (phase === "destroyed") return unchanged(machine);
  switch (input.type) {
    case "open":
      return phase === "closed" ? load(machine) : unchanged(machine);
    case "ready":
      return phase === "loading" ? ready(machine, input.count) : unchanged(machine);
    case "failed":
      return phase === "loading" ? fail(machine) : unchanged(machine);
    case "hide":
      return unchanged({ ...machine, isHidden: true, phase: phase === "drawn" ? "paused" : phase });
    case "show":
      return show({ ...machine, isHidden: false });
    case "lost":
      return isUp(machine) ? lose(machine, input.view) : unchanged(machine);
    case "restored":
      return phase === "lost" ? load({ ...machine, losses: 0 }) : unchanged(machine);
    case "overdue":
      return phase === "lost" ? load(machine) : unchanged(machine);
    case "destroy":
      return { machine: { ...machine, phase: "destroyed" }, effects: [{ do: "destroy" }] };
    case "request":
    case "steer":
    case "rest":
    case "follow":
    case "fit":
    case "resize":
    case "grow":
      return steer(machine, input);
    default:
      return attend(machine, input);
  }
}

/** Whether there is something that draws. */
export function isUp({ phase }: Machine): boolean {
  return phase === "drawn" || phase === "paused";
}

function unchanged(machine: Machine): Step {
  return { machine, effects: [] };
}

function load(machine: Machine): Step {
  const isPlain = machine.isPlain || machine.losses >= MOST_LOSSES;
  return { machine: { ...machine, phase: "loading", isPlain }, effects: [{ do: "load", isPlain }] };
}

/** A browser may refuse its graphics hardware to a page that has lost it too often: it can still draw plainly. */
function fail(machine: Machine): Step {
  return machine.isPlain ? unchanged({ ...machine, phase: "failed" }) : load({ ...machine, isPlain: true });
}

function ready(machine: Machine, count: number): Step {
  const [course, ...effects] = begun(machine.course, count);
  const phase = machine.isHidden ? "paused" : "drawn";
  return { machine: { ...machine, phase, course }, effects: [...effects, { do: "mark" }, { do: "draw" }] };
}

function show(machine: Machine): Step {
  if (machine.phase !== "paused") return unchanged(machine);
  return { machine: { ...machine, phase: "drawn" }, effects: [{ do: "draw" }] };
}

function lose(machine: Machine, view: View): Step {
  const course = { ...machine.course, view };
  const losses = machine.losses + 1;
  return { machine: { ...machine, phase: "lost", losses, course }, effects: [{ do: "wait", ms: PATIENCE_MS }] };
}

/** Before anything draws, the course only notes what is wanted; `begun` does it later. */
function steer(machine: Machine, input: CourseInput): Step {
  const [course, ...effects] = steered(machine.course, input);
  if (isUp(machine)) return { machine: { ...machine, course }, effects };
  const isNoted = input.type === "request" || input.type === "follow" || input.type === "fit";
  return unchanged(isNoted ? { ...machine, course } : machine);
}

function attend(machine: Machine, input: AttentionInput): Step {
  const [attention, ...effects] = attended(machine.attention, input);
  return { machine: { ...machine, attention }, effects };
}
