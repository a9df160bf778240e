/** The element that the map lives in: its canvas, its size, its gestures, and what the browser does to them. */

import type { Size } from "./camera.ts";
import type { Controller } from "./controller.ts";
import { listen } from "./gestures.ts";

/** Open the map in an element, of which another one covers what is free; call the answer to close it. */
export function open(host: HTMLElement, free: HTMLElement, controller: Controller): () => void {
  const watch = new ResizeObserver(() => controller.resize(sizeOf(host, free), window.devicePixelRatio));
  const onVisibility = () => controller.input({ type: document.hidden ? "hide" : "show" });
  const unlisten = listen(host, controller.hands);
  document.addEventListener("visibilitychange", onVisibility);
  onVisibility();
  controller.input({ type: "open" });
  observe(watch, host);
  watch.observe(free);
  return () => {
    document.removeEventListener("visibilitychange", onVisibility);
    watch.disconnect();
    unlisten();
    controller.input({ type: "destroy" });
    host.replaceChildren();
  };
}

/** Put a new canvas into the element, with a stage on it. What draws comes with a chunk of its own. */
export async function load(host: HTMLElement, controller: Controller, isPlain: boolean): Promise<void> {
  const canvas = document.createElement("canvas");
  canvas.style.cssText = "position:absolute;inset:0;display:block";
  host.replaceChildren(canvas);
  // a canvas that was replaced loses its graphics, too, and that is as it should be; a plain one may lose its contents
  for (const kind of ["webglcontext", "context"]) {
    canvas.addEventListener(`${kind}lost`, () => canvas.isConnected && controller.lose());
    canvas.addEventListener(`${kind}restored`, () => canvas.isConnected && controller.input({ type: "restored" }));
  }
  const { Stage } = await import("./paint/stage.ts");
  const stage = await Stage.on(canvas, controller.layout, controller.palette, isPlain);
  if (!canvas.isConnected || controller.phase !== "loading") {
    stage.destroy();
    return;
  }
  controller.raise(stage);
  if (stage.isLost) {
    controller.lose();
  }
}

function sizeOf(host: HTMLElement, free: HTMLElement): Size {
  const [whole, part] = [host.getBoundingClientRect(), free.getBoundingClientRect()];
  const [left, top] = [part.left - whole.left, part.top - whole.top];
  const box = { left, top, right: left + part.width, bottom: top + part.height };
  return { width: host.clientWidth, height: host.clientHeight, free: box };
}

/** Watch a size in pixels of the screen where the browser can: they change when the window moves to another screen. */
function observe(watch: ResizeObserver, host: HTMLElement): void {
  try {
    watch.observe(host, { box: "device-pixel-content-box" });
  } catch {
    watch.observe(host);
  }
}
