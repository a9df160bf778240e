/** Time travel whose code is a chunk of its own, loaded when a moment is first asked for. */

import { MapError } from "./http.ts";
import { LIVE, type MapData, type ShownTime } from "./state.ts";
import type { TimeInput } from "./time.ts";
import type { TimeTravel } from "./travel.ts";

export class LazyTravel {
  readonly #make: (Travel: typeof TimeTravel) => TimeTravel;
  readonly #onShown: () => void;
  #travel: TimeTravel | null = null;
  /** What was asked for while the code is on its way. */
  #inbox: TimeInput[] = [];
  #shown: ShownTime = LIVE;

  constructor(make: (Travel: typeof TimeTravel) => TimeTravel, onShown: () => void) {
    this.#make = make;
    this.#onShown = onShown;
  }

  get shown(): ShownTime {
    return this.#travel?.shown ?? this.#shown;
  }

  get data(): MapData | null {
    return this.#travel?.data ?? null;
  }

  input(input: TimeInput): void {
    if (this.#travel) this.#travel.input(input);
    else if (input.type === "seek") this.#load([input], input.at);
    else if (!this.#inbox[0]) return;
    else if (input.type === "retry") this.#load(this.#inbox, this.#shown.at);
    else if (input.type === "live" || input.type === "stop") this.#show([], LIVE);
    else this.#inbox.push(input);
  }

  fold(): void {
    this.#travel?.fold();
  }

  #load(inbox: TimeInput[], at: string | null): void {
    this.#show(inbox, { ...LIVE, mode: "past", at, isLoading: true });
    import("./travel.ts").then(
      ({ TimeTravel }) => this.#begin(TimeTravel),
      (cause) => {
        const error = new MapError("travel: this code cannot be loaded", null, null, cause);
        if (this.#inbox[0]) this.#show(this.#inbox, { ...this.#shown, isLoading: false, error });
      },
    );
  }

  #begin(Travel: typeof TimeTravel): void {
    if (this.#travel) return;
    this.#travel = this.#make(Travel);
    for (const input of this.#inbox) this.#travel.input(input);
  }

  #show(inbox: TimeInput[], shown: ShownTime): void {
    this.#inbox = inbox;
    this.#shown = shown;
    this.#onShown();
  }
}
