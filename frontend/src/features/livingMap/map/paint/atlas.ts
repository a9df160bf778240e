/** The one texture that everything small is drawn from: white shapes that are tinted where they stand. */

import { CanvasSource, Rectangle, Texture } from "pixi.js";
import { FRAMES, type Frame } from "../../domain/figure.ts";

const CELL = 128;
const COLUMNS = 8;

/** How wide a frame's drawing is, as a share of the frame: the rest is air, so that neighbours do not bleed in. */
export const INK = 104 / CELL;

type Pen = CanvasRenderingContext2D;

const DRAWINGS: Readonly<Record<Frame, (pen: Pen) => void>> = {
  disc: (pen) => dot(pen, 0, 0, 52),
  target: (pen) => {
    dot(pen, 0, 0, 25);
    ring(pen, 45, 14);
  },
  triangle: (pen) => {
    path(pen, [
      [0, -50],
      [50, 42],
      [-50, 42],
    ]);
    pen.lineJoin = "round";
    pen.lineWidth = 8;
    pen.stroke();
  },
  cross: (pen) => {
    stroke(pen, 22, [
      [-36, -36],
      [36, 36],
    ]);
    stroke(pen, 22, [
      [36, -36],
      [-36, 36],
    ]);
  },
  hollow: (pen) => ring(pen, 43, 16),
  ghost: (pen) => {
    pen.setLineDash([21, 15]);
    ring(pen, 46, 8);
  },
  square: (pen) => box(pen, -38, -38, 76, 76, 16),
  glow: (pen) => {
    const light = pen.createRadialGradient(0, 0, 0, 0, 0, 62);
    light.addColorStop(0, "rgba(255,255,255,1)");
    light.addColorStop(0.25, "rgba(255,255,255,0.55)");
    light.addColorStop(0.6, "rgba(255,255,255,0.14)");
    light.addColorStop(1, "rgba(255,255,255,0)");
    pen.fillStyle = light;
    pen.fillRect(-64, -64, 128, 128);
  },
  pulse: (pen) => {
    ring(pen, 52, 7);
    pen.globalAlpha = 0.18;
    dot(pen, 0, 0, 50);
  },
  slab: (pen) => box(pen, -52, -52, 104, 104, 5),
  tree: (pen) => {
    pen.fillStyle = "#c4c4c4";
    dot(pen, 6, 8, 42);
    pen.fillStyle = "#ffffff";
    dot(pen, -3, -4, 40);
    pen.fillStyle = "#eaeaea";
    dot(pen, 10, -14, 16);
  },
  tower: (pen) => {
    box(pen, -44, -50, 88, 102, 14);
    pen.globalCompositeOperation = "source-atop";
    pen.fillStyle = "#9c9c9c";
    for (const x of [-32, -9, 14]) {
      box(pen, x, -22, 18, 62, 5);
    }
  },
  planet: (pen) => {
    const light = pen.createRadialGradient(-18, -20, 6, 0, 0, 54);
    light.addColorStop(0, "#ffffff");
    light.addColorStop(0.55, "#cfcfcf");
    light.addColorStop(1, "#6a6a6a");
    pen.fillStyle = light;
    dot(pen, 0, 0, 52);
    pen.globalCompositeOperation = "source-atop";
    pen.globalAlpha = 0.13;
    pen.fillStyle = "#000000";
    for (const [y, high] of [
      [-30, 9],
      [-6, 14],
      [24, 10],
    ] as const) {
      pen.beginPath();
      pen.ellipse(0, y, 70, high, -0.32, 0, 2 * Math.PI);
      pen.fill();
    }
  },
  belt: (pen) => {
    pen.lineWidth = 5;
    pen.beginPath();
    pen.ellipse(0, 0, 58, 17, -0.32, 0, 2 * Math.PI);
    pen.stroke();
  },
  emblem: (pen) => {
    const corners = Array.from({ length: 6 }, (_, at) => {
      const angle = (at * Math.PI) / 3 - Math.PI / 2;
      return [46 * Math.cos(angle), 46 * Math.sin(angle)] as const;
    });
    path(pen, corners);
    pen.lineJoin = "round";
    pen.lineWidth = 12;
    pen.stroke();
  },
  plaza: (pen) => {
    pen.globalAlpha = 0.9;
    dot(pen, 0, 0, 52);
    pen.globalAlpha = 1;
    pen.globalCompositeOperation = "destination-out";
    ring(pen, 36, 5);
    for (let at = 0; at < 8; at += 1) {
      const angle = (at * Math.PI) / 4;
      stroke(pen, 3, [
        [36 * Math.cos(angle), 36 * Math.sin(angle)],
        [52 * Math.cos(angle), 52 * Math.sin(angle)],
      ]);
    }
  },
  lamp: (pen) =>
    path(pen, [
      [0, -50],
      [34, 0],
      [0, 50],
      [-34, 0],
    ]),
  moon: (pen) => dot(pen, 0, 0, 46),
  passed: (pen) => {
    dot(pen, 0, 0, 46);
    pen.globalCompositeOperation = "destination-out";
    stroke(pen, 13, [
      [-20, 2],
      [-5, 18],
      [22, -16],
    ]);
  },
  rejected: (pen) => {
    dot(pen, 0, 0, 46);
    pen.globalCompositeOperation = "destination-out";
    stroke(pen, 13, [
      [-17, -17],
      [17, 17],
    ]);
    stroke(pen, 13, [
      [17, -17],
      [-17, 17],
    ]);
  },
  draft: (pen) => {
    pen.setLineDash([22, 17]);
    ring(pen, 40, 12);
  },
  satellite: (pen) => {
    box(pen, -56, -15, 34, 30, 4);
    box(pen, 22, -15, 34, 30, 4);
    box(pen, -18, -26, 36, 52, 10);
    box(pen, -24, -4, 48, 8, 2);
  },
  alert: (pen) => {
    dot(pen, 0, 0, 50);
    pen.globalCompositeOperation = "destination-out";
    box(pen, -7, -30, 14, 36, 6);
    dot(pen, 0, 22, 9);
  },
  fountain: (pen) => {
    ring(pen, 46, 8);
    ring(pen, 26, 6);
    dot(pen, 0, 0, 11);
  },
  shade: (pen) => {
    const dark = pen.createRadialGradient(0, 0, 20, 0, 0, 62);
    dark.addColorStop(0, "rgba(255,255,255,0.8)");
    dark.addColorStop(1, "rgba(255,255,255,0)");
    pen.fillStyle = dark;
    pen.fillRect(-64, -64, 128, 128);
  },
};

export class Atlas {
  private readonly textures: ReadonlyMap<Frame, Texture>;

  constructor() {
    const canvas = document.createElement("canvas");
    canvas.width = CELL * COLUMNS;
    canvas.height = CELL * Math.ceil(FRAMES.length / COLUMNS);
    const pen = canvas.getContext("2d");
    if (pen) {
      FRAMES.forEach((name, at) => {
        draw(pen, at, DRAWINGS[name]);
      });
    }
    const source = new CanvasSource({ resource: canvas, autoGenerateMipmaps: true, scaleMode: "linear" });
    const cut = (at: number) =>
      new Texture({
        source,
        frame: new Rectangle((at % COLUMNS) * CELL, Math.floor(at / COLUMNS) * CELL, CELL, CELL),
      });
    this.textures = new Map(FRAMES.map((name, at) => [name, cut(at)]));
  }

  texture(frame: Frame): Texture {
    return this.textures.get(frame) ?? Texture.EMPTY;
  }

  destroy(): void {
    this.texture("disc").source.destroy();
  }
}

function draw(pen: Pen, at: number, drawing: (pen: Pen) => void): void {
  pen.save();
  pen.beginPath();
  pen.rect((at % COLUMNS) * CELL, Math.floor(at / COLUMNS) * CELL, CELL, CELL);
  pen.clip();
  pen.translate(((at % COLUMNS) + 0.5) * CELL, (Math.floor(at / COLUMNS) + 0.5) * CELL);
  pen.fillStyle = "#ffffff";
  pen.strokeStyle = "#ffffff";
  drawing(pen);
  pen.restore();
}

function dot(pen: Pen, x: number, y: number, radius: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

function ring(pen: Pen, radius: number, width: number): void {
  pen.lineWidth = width;
  pen.beginPath();
  pen.arc(0, 0, radius, 0, 2 * Math.PI);
  pen.stroke();
}

function box(pen: Pen, x: number, y: number, wide: number, high: number, corner: number): void {
  pen.beginPath();
  pen.roundRect(x, y, wide, high, corner);
  pen.fill();
}

function path(pen: Pen, corners: readonly (readonly [number, number])[]): void {
  pen.beginPath();
  for (const [x, y] of corners) {
    pen.lineTo(x, y);
  }
  pen.closePath();
  pen.fill();
}

function stroke(pen: Pen, width: number, points: readonly (readonly [number, number])[]): void {
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.lineWidth = width;
  pen.beginPath();
  for (const [x, y] of points) {
    pen.lineTo(x, y);
  }
  pen.stroke();
}
