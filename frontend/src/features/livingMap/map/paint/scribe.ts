/** Writes the labels: on the screen, never scaled, so that they stay sharp. */

import { Container, Text, TextStyle } from "pixi.js";
import { type Size, toScreen, type View } from "../camera.ts";
import { dropOf, type Label } from "../labels.ts";
import type { Palette } from "../palette.ts";

/** Drawing a text takes a while: so many new ones a frame, the others follow. */
const NEW_A_FRAME = 14;
const FONT = "Inter, 'Segoe UI', system-ui, -apple-system, 'Noto Sans', Roboto, sans-serif";

type Line = { readonly text: Text; label: Label };

export class Scribe {
  readonly view = new Container();
  private readonly lines = new Map<string, Line>();
  private readonly styles = new Map<string, TextStyle>();
  private wanted: readonly Label[] = [];
  private palette: Palette;
  private resolution = 1;

  constructor(palette: Palette) {
    this.palette = palette;
  }

  get held(): ReadonlySet<string> {
    return new Set(this.lines.keys());
  }

  /** Forget what is written: colours or sharpness have changed. */
  restyle(palette: Palette, resolution: number): void {
    this.palette = palette;
    this.resolution = resolution;
    for (const key of [...this.lines.keys()]) {
      this.erase(key);
    }
    this.styles.clear();
  }

  write(labels: readonly Label[]): void {
    this.wanted = labels;
    const keys = new Set(labels.map((one) => one.key));
    for (const key of [...this.lines.keys()]) {
      if (!keys.has(key)) {
        this.erase(key);
      }
    }
  }

  /** Go on with what is to be written; return whether some is left. */
  proceed(): boolean {
    let fresh = 0;
    for (const label of this.wanted) {
      const line = this.lines.get(label.key);
      if (line && line.label.text === label.text && looks(line.label) === looks(label)) {
        line.label = label;
      } else if (fresh >= NEW_A_FRAME) {
        return true;
      } else {
        fresh += 1;
        this.rewrite(label, line);
      }
    }
    return false;
  }

  /** Move all labels to where their shapes are seen now. */
  place(view: View, size: Size): void {
    for (const { text, label } of this.lines.values()) {
      const at = toScreen(view, size, label.shape);
      text.position.set(Math.round(at.x), Math.round(at.y + dropOf(label, view.zoom)));
    }
  }

  private rewrite(label: Label, line: Line | undefined): void {
    if (line) {
      line.text.text = label.text;
      line.text.style = this.style(label);
      line.label = label;
      return;
    }
    const text = new Text({ text: label.text, style: this.style(label), resolution: this.resolution });
    text.anchor.set(0.5, 0);
    this.lines.set(label.key, { text, label });
    this.view.addChild(text);
  }

  private erase(key: string): void {
    const line = this.lines.get(key);
    if (line) {
      this.lines.delete(key);
      line.text.destroy();
    }
  }

  private style(label: Label): TextStyle {
    const name = looks(label);
    const { palette } = this;
    const fill = label.alert ? palette.tones.bad : label.strong ? palette.text : palette.faint;
    const style =
      this.styles.get(name) ??
      new TextStyle({
        fontFamily: FONT,
        fontSize: label.size,
        fontWeight: label.strong ? "600" : "500",
        fill,
        stroke: { color: palette.halo, width: 3.5, join: "round", alpha: 0.85 },
        padding: 2,
        align: "center",
        lineHeight: label.size * 1.25,
      });
    this.styles.set(name, style);
    return style;
  }
}

function looks({ size, strong, alert }: Label): string {
  return `${size}/${strong}/${alert}`;
}
