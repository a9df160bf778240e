/** Asking again what failed for now. */

import type { MapError } from "./http.ts";

const FIRST_WAIT_MS = 2000;
const MOST_WAIT_MS = 30_000;

/**
 * Ask until there is an answer, `onError` being called with each failure. What would fail again is asked once. After
 * `signal`, nothing is called back, and the promise is never settled.
 */
export async function persistently<Answer>(
  ask: () => Promise<Answer>,
  signal: AbortSignal,
  onError: (error: MapError) => void = ignored,
): Promise<Answer> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(MOST_WAIT_MS, wait * 2)) {
    try {
      const answer = await ask();
      return signal.aborted ? await never() : answer;
    } catch (error) {
      if (signal.aborted) return never();
      onError(error as MapError);
      if (!isPassing(error as MapError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (signal.aborted) return never();
    }
  }
}

/** Whether asking again may help: the map was away, or had too much to do. */
function isPassing({ status }: MapError): boolean {
  return status === null || status >= 500 || status === 408 || status === 429;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

export function ignored(): void {}
