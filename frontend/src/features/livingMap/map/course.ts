/**
 * Why the map looks where it looks, as a pure state machine:
 *
 *                steer
 *     whole ───────────► dragging ──┐ rest
 *      ▲  └──────────► following ───┴─────► resting
 *      │        follow                         │
 *      └───────────────────────────────────────┘ fit
 *
 * On the course `whole` the map shows everything and widens as things are added, until a person or the page moves it.
 */

import { same, type View } from "./camera.ts";

export type Course = {
  readonly name: "whole" | "dragging" | "following" | "resting";
  /** The id that is followed. */
  readonly id: string | null;
  /** Whether the last move was the map's own: those are not reported to the page. */
  readonly isQuiet: boolean;
  /** How many things there were when everything was shown last. */
  readonly shown: number;
  /** Where the map looked when its graphics were lost. */
  readonly view: View | null;
  /** Where the page has asked the map to look. */
  readonly requested: View | null;
  /** The view that was reported last: a page that asks for it only repeats it. */
  readonly reported: View | null;
};

export type CourseInput =
  | { readonly type: "request"; readonly view: View | null }
  | { readonly type: "steer" | "rest"; readonly view: View }
  | { readonly type: "follow"; readonly id: string }
  | { readonly type: "fit" | "resize" | "grow"; readonly count: number };

export type CourseEffect =
  | { readonly do: "fit"; readonly isInstant: boolean }
  | { readonly do: "look" | "fly" | "report"; readonly view: View }
  | { readonly do: "follow"; readonly id: string };

export type CourseStep = readonly [Course, ...CourseEffect[]];

export const WHOLE: Course = {
  name: "whole",
  id: null,
  isQuiet: true,
  shown: 0,
  view: null,
  requested: null,
  reported: null,
};

/** Return what follows from `input` while the map is drawn. */
export function steered(course: Course, input: CourseInput): CourseStep {
  switch (input.type) {
    case "request":
      return request(course, input.view);
    case "steer":
      return [
        { ...course, name: "dragging", id: null, isQuiet: false },
        { do: "look", view: input.view },
      ];
    case "follow":
      return [
        { ...course, name: "following", id: input.id, isQuiet: false },
        { do: "follow", id: input.id },
      ];
    case "rest":
      return rest(course, input.view);
    case "fit":
      return showWhole(course, input.count, false, false);
    case "resize":
      return isWhole(course) ? showWhole(course, input.count, true, true) : [course];
    case "grow":
      return isWhole(course) && input.count > course.shown * 2
        ? showWhole(course, input.count, course.shown === 0, true)
        : [course];
  }
}

/** Return how to begin once something draws: where the map was, or the page wants it, or with everything. */
export function begun(course: Course, count: number): CourseStep {
  if (course.name === "following" && course.id !== null) return [course, { do: "follow", id: course.id }];
  const view = course.view ?? course.requested;
  return view && !isWhole(course) ? [course, { do: "look", view }] : showWhole(course, count, true, true);
}

function isWhole({ name, requested }: Course): boolean {
  return name === "whole" && requested === null;
}

function request(course: Course, view: View | null): CourseStep {
  const next: Course = { ...course, requested: view };
  const isRepeated = view !== null && course.reported !== null && same(view, course.reported);
  if (view === null || isRepeated) return [next];
  return [
    { ...next, name: "resting", id: null, isQuiet: false },
    { do: "fly", view },
  ];
}

function rest(course: Course, view: View): CourseStep {
  const name = course.name === "whole" ? "whole" : "resting";
  if (course.isQuiet) return [{ ...course, name }];
  return [
    { ...course, name, id: null, reported: view },
    { do: "report", view },
  ];
}

function showWhole(course: Course, count: number, isInstant: boolean, isQuiet: boolean): CourseStep {
  return [
    { ...course, name: "whole", id: null, isQuiet, shown: count },
    { do: "fit", isInstant },
  ];
}
