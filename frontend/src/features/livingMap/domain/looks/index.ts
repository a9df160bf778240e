/** The looks by name; a name that is not here is the plain mark. */

import type { Look } from "../look.ts";
import { hall } from "./hall.ts";
import { lamp } from "./lamp.ts";
import { light } from "./light.ts";
import { mark } from "./mark.ts";
import { moon } from "./moon.ts";
import { planet } from "./planet.ts";
import { quarter } from "./quarter.ts";
import { satellite } from "./satellite.ts";
import { tower } from "./tower.ts";

export const LOOKS: ReadonlyMap<string, Look> = new Map(
  Object.entries({ hall, lamp, light, mark, moon, planet, quarter, satellite, tower }),
);

/** Return a look by its name. */
export function lookOf(name: string): Look {
  return LOOKS.get(name) ?? mark;
}
