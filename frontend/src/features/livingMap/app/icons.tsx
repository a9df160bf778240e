/** The signs of the page, drawn as lines that take the colour of the text around them. */

import type { ReactNode } from "react";
import type { Tone } from "../domain/tones.ts";
import { useRegistry } from "./registry.tsx";

const PATHS = {
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM20 20l-4-4",
  problems: "M12 4 2.500 20h19L12 4ZM12 10v4M12 17h.01",
  events: "M3 12h4l2.500-7 5 14 2.500-7h4",
  trends: "M4 4v16h16M7 15l4-5 3 3 5-7",
  compare: "M9 4v16M15 4v16M9 8H4v12h5M15 12h5v8h-5",
  sources:
    "M12 8c4.400 0 8-1.100 8-2.500S16.400 3 12 3 4 4.100 4 5.500 7.600 8 12 8ZM4 5.500v13C4 19.900 7.600 21 12 21s8-1.100 8-2.500v-13M4 12c0 1.400 3.600 2.500 8 2.500s8-1.100 8-2.500",
  map: "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2V6ZM9 4v14M15 6v14",
  table: "M4 5h16v14H4zM4 10h16M4 14.500h16M10 5v14",
  close: "M6 6l12 12M18 6 6 18",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  target: "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4",
  pause: "M8 5v14M16 5v14",
  play: "M7 4l13 8-13 8V4Z",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.7.3-1 .8-1 1.700M12 16.500h.01",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.400 1.400M17.600 17.600 19 19M19 5l-1.400 1.400M6.400 17.600 5 19",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  open: "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 21c0-4 3.600-6 8-6s8 2 8 6",
  up: "M6 15l6-6 6 6",
  down: "M6 9l6 6 6-6",
  past: "M12 21a9 9 0 1 0-9-9M3 5v7h7M12 7.500V12l3 2",
  previous: "M19 5v14L9 12l10-7ZM5 5v14",
  next: "M5 5v14l10-7L5 5ZM19 5v14",
} as const;

export type IconName = keyof typeof PATHS;

/** A sign that only repeats what a text beside it or a label says. */
export function Icon({ name }: { readonly name: IconName }) {
  return <Sign path={PATHS[name]} />;
}

/** The sign of a kind or a layer, by its lines. */
export function Sign({ path }: { readonly path: string }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

export function TypeIcon({ type }: { readonly type: string }) {
  return <Sign path={useRegistry().kindOf(type).icon} />;
}

const MARKS: Readonly<Record<Tone, ReactNode>> = {
  good: <circle cx="6" cy="6" r="4.500" className="filled" />,
  busy: (
    <>
      <circle cx="6" cy="6" r="4.200" />
      <circle cx="6" cy="6" r="1.600" className="filled" />
    </>
  ),
  warn: <path d="M6 1.500 11 10.500H1Z" className="filled" />,
  bad: <path d="M2.500 2.500l7 7M9.500 2.500l-7 7" className="thick" />,
  off: <circle cx="6" cy="6" r="4.200" />,
  idle: <rect x="2.500" y="2.500" width="7" height="7" rx="1" className="filled" />,
};

/** How something is, by shape and colour. */
export function Mark({ tone }: { readonly tone: Tone }) {
  return (
    <svg className={`mark tone-${tone}`} viewBox="0 0 12 12" aria-hidden="true">
      {MARKS[tone]}
    </svg>
  );
}
