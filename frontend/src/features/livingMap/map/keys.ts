/** What the keys of the keyboard do to the map. */

export type KeyActions = {
  pan(dx: number, dy: number): void;
  zoomBy(factor: number): void;
  fit(): void;
  /** Go to the next thing in sight, or back; return whether there is one. */
  step(back: boolean): boolean;
  /** Open what has the focus; return whether something has. */
  enter(): boolean;
  /** Let go of what is focused or selected; return whether something was. */
  leave(): boolean;
  /** Hold what has the focus or lies under the pointer, or let go of it; return whether there is something. */
  hold(): boolean;
};

const STEP = 90;
const ZOOM = 1.3;

const PANS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["ArrowLeft", [STEP, 0]],
  ["ArrowRight", [-STEP, 0]],
  ["ArrowUp", [0, STEP]],
  ["ArrowDown", [0, -STEP]],
]);

const MOVES: ReadonlyMap<string, (act: KeyActions) => void> = new Map([
  ["+", (act: KeyActions) => act.zoomBy(ZOOM)],
  ["=", (act: KeyActions) => act.zoomBy(ZOOM)],
  ["-", (act: KeyActions) => act.zoomBy(1 / ZOOM)],
  ["_", (act: KeyActions) => act.zoomBy(1 / ZOOM)],
  ["0", (act: KeyActions) => act.fit()],
  ["Home", (act: KeyActions) => act.fit()],
]);

/** Do what a key means; return whether it means something here, so that the page leaves it alone. */
export function onKey(key: string, shift: boolean, act: KeyActions): boolean {
  const pan = PANS.get(key);
  const move = MOVES.get(key);
  if (pan) {
    const [dx, dy] = pan;
    act.pan(shift ? dx * 3 : dx, shift ? dy * 3 : dy);
  }
  move?.(act);
  switch (key) {
    case "Tab":
      return act.step(shift);
    case "Enter":
    case " ":
      return act.enter();
    case "Escape":
      return act.leave();
    case "d":
    case "D":
    case "в": // the same key of a Ukrainian keyboard
    case "В":
      return act.hold();
    default:
      return pan !== undefined || move !== undefined;
  }
}
