/** What the keys of the keyboard do to the map. */

export type Hands = {
  pan(dx: number, dy: number): void;
  zoom(factor: number): void;
  fit(): void;
  /** Go to the next thing in sight, or back; return whether there is one. */
  step(back: boolean): boolean;
  /** Open what has the focus; return whether something has. */
  enter(): boolean;
  /** Let go of what is focused or selected; return whether something was. */
  leave(): boolean;
};

const STEP = 90;
const ZOOM = 1.3;

const PANS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["ArrowLeft", [STEP, 0]],
  ["ArrowRight", [-STEP, 0]],
  ["ArrowUp", [0, STEP]],
  ["ArrowDown", [0, -STEP]],
]);

const MOVES: ReadonlyMap<string, (hands: Hands) => void> = new Map([
  ["+", (hands: Hands) => hands.zoom(ZOOM)],
  ["=", (hands: Hands) => hands.zoom(ZOOM)],
  ["-", (hands: Hands) => hands.zoom(1 / ZOOM)],
  ["_", (hands: Hands) => hands.zoom(1 / ZOOM)],
  ["0", (hands: Hands) => hands.fit()],
  ["Home", (hands: Hands) => hands.fit()],
]);

/** Do what a key means; return whether it meant something, and is the page's no longer. */
export function keyed(key: string, shift: boolean, hands: Hands): boolean {
  const pan = PANS.get(key);
  const move = MOVES.get(key);
  if (pan) {
    const [dx, dy] = pan;
    hands.pan(shift ? dx * 3 : dx, shift ? dy * 3 : dy);
  }
  move?.(hands);
  switch (key) {
    case "Tab":
      return hands.step(shift);
    case "Enter":
    case " ":
      return hands.enter();
    case "Escape":
      return hands.leave();
    default:
      return pan !== undefined || move !== undefined;
  }
}
