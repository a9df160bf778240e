/** The pace at which whatever has come is shown: once a frame, however much it is. */

/** A hidden page draws no frames. */
const HIDDEN_MS = 250;

/** Call back at the next animation frame, or soon if the page draws none; the answer cancels. */
export function nextFrame(callback: () => void): () => void {
  const timer = setTimeout(callback, HIDDEN_MS);
  const frame = globalThis.requestAnimationFrame?.(() => callback());
  return () => {
    clearTimeout(timer);
    if (frame !== undefined) cancelAnimationFrame(frame);
  };
}
