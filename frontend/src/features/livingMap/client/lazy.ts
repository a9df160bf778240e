/** Time travel whose code is a chunk of its own, loaded when a moment is first asked for. */

import { MapError } from "./http.ts";
import { LIVE, type MapData, type ShownTime } from "./state.ts";
import type { TimeInput } from "./time.ts";
import type { TimeTravel } from "./travel.ts";

export type LazyTravel = {
  shown(): ShownTime;
  data(): MapData | null;
  input(input: TimeInput): void;
  fold(): void;
};

export function lazyTravel(make: (Travel: typeof TimeTravel) => TimeTravel, onShown: () => void): LazyTravel {
  let travel: TimeTravel | null = null;
  /** What was asked for while the code is on its way. */
  let inbox: TimeInput[] = [];
  let shown = LIVE;

  const show = (inputs: TimeInput[], time: ShownTime): void => {
    inbox = inputs;
    shown = time;
    onShown();
  };
  const load = (inputs: TimeInput[], at: string | null): void => {
    show(inputs, { ...LIVE, mode: "past", at, isLoading: true });
    import("./travel.ts").then(
      ({ TimeTravel }) => {
        if (travel) return;
        travel = make(TimeTravel);
        for (const input of inbox) travel.input(input);
      },
      (cause) => {
        const error = new MapError("travel: this code cannot be loaded", null, null, cause);
        if (inbox[0]) show(inbox, { ...shown, isLoading: false, error });
      },
    );
  };
  return {
    shown: () => travel?.shown ?? shown,
    data: () => travel?.data ?? null,
    input(input) {
      if (travel) travel.input(input);
      else if (input.type === "seek") load([input], input.at);
      else if (input.type === "record" && !inbox[0]) load([input], input.start.generated_at);
      else if (!inbox[0]) return;
      else if (input.type === "retry") load(inbox, shown.at);
      else if (input.type === "live" || input.type === "stop") show([], LIVE);
      else inbox.push(input);
    },
    fold: () => travel?.fold(),
  };
}
