/** The renderer, with the best means that the browser has, and the state of its graphics. */

import "pixi.js/graphics";
import "pixi.js/particle-container";
import "pixi.js/sprite-tiling";
import "pixi.js/text";
import "pixi.js/unsafe-eval";
import { autoDetectRenderer, type Renderer, Ticker, type WebGLRenderer } from "pixi.js";

/** Make a renderer for a canvas; `isPlain`: without graphics hardware. It draws only when it is told to. */
export async function rendererOn(
  canvas: HTMLCanvasElement,
  background: number,
  isPlain: boolean,
): Promise<Renderer> {
  const renderer = await autoDetectRenderer({
    canvas,
    preference: isPlain ? ["canvas"] : ["webgl", "canvas"],
    antialias: !drawnBySoftware() && window.devicePixelRatio < 2,
    resolution: window.devicePixelRatio,
    autoDensity: true,
    background,
    skipExtensionImports: true,
    gcActive: false,
  });
  // one shader looks into all textures of a batch: sixteen for each dot are expensive without graphics hardware
  renderer.limits.maxBatchableTextures = 2;
  // its own clock would wake the page sixty times a second
  Ticker.system.autoStart = false;
  Ticker.system.stop();
  return renderer;
}

/** Whether the browser has taken the graphics of a renderer away. */
export function isLost(renderer: Renderer): boolean {
  return (renderer as Partial<WebGLRenderer>).gl?.isContextLost() ?? false;
}

/** Return a function that tells whether the graphics have finished all commands so far. */
export function fence(renderer: Renderer): () => boolean {
  const gl = (renderer as Partial<WebGLRenderer>).gl;
  const sync = gl instanceof WebGL2RenderingContext ? gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0) : null;
  if (!gl || !sync) {
    return () => true;
  }
  gl.flush();
  let done = false;
  return () => {
    if (!done && gl.getSyncParameter(sync, gl.SYNC_STATUS) === gl.SIGNALED) {
      done = true;
      gl.deleteSync(sync);
    }
    return done;
  };
}

/** Whether the browser draws WebGL without graphics hardware: then smooth edges cost more than they are worth. */
function drawnBySoftware(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  const names = gl?.getExtension("WEBGL_debug_renderer_info");
  const renderer = gl && names ? String(gl.getParameter(names.UNMASKED_RENDERER_WEBGL)) : "";
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(renderer);
}
