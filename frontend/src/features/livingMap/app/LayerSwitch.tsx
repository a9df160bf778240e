import type { Scene } from "../client/scene.ts";
import { countsOf, type Layer } from "../domain/layers.ts";
import { counted } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Sign } from "./icons.tsx";
import { useRegistry, useShownLayers } from "./registry.tsx";
import { go } from "./url.ts";

/** The layers of the map, to be shown and hidden. A double click shows one alone, and the next one all again. */
export function LayerSwitch({ scene }: { readonly scene: Scene }) {
  const { words } = useLanguage();
  const { layers } = useRegistry();
  const shown = useShownLayers();
  const names = layers.map(({ name }) => name);
  const show = (next: ReadonlySet<string>) => {
    const kept = names.filter((name) => next.has(name));
    go({ layers: kept.length === names.length ? null : new Set(kept) });
  };
  const toggle = (name: string) => {
    const next = new Set(shown);
    if (!next.delete(name)) next.add(name);
    show(next);
  };
  const only = (name: string) => show(new Set(shown.size === 1 ? names : [name]));
  return (
    <fieldset className="layers">
      <legend className="hidden">{words.layers.legend}</legend>
      {layers.map((layer) => (
        <LayerButton
          key={layer.name}
          layer={layer}
          scene={scene}
          isShown={shown.has(layer.name)}
          onToggle={toggle}
          onOnly={only}
        />
      ))}
    </fieldset>
  );
}

type ButtonProps = {
  readonly layer: Layer;
  readonly scene: Scene;
  readonly isShown: boolean;
  readonly onToggle: (name: string) => void;
  readonly onOnly: (name: string) => void;
};

function LayerButton({ layer, scene, isShown, onToggle, onOnly }: ButtonProps) {
  const language = useLanguage();
  const { name, title, hint, icon } = layer;
  const counts = countsOf(scene, layer);
  const sum = counts.reduce((total, [, count]) => total + count, 0);
  const numbers = language.list(counts.map(([kind, count]) => counted(count, kind, language)));
  return (
    <button
      type="button"
      className="layer"
      aria-pressed={isShown}
      aria-label={sum > 0 ? `${title} ${language.number(sum)}` : title}
      title={[hint, numbers].filter(Boolean).join("\n") || undefined}
      aria-description={numbers || undefined}
      onClick={() => onToggle(name)}
      onDoubleClick={() => onOnly(name)}
    >
      <Sign path={icon} />
      <span className="layer-name">{title}</span>
      {sum > 0 && <span className="layer-count">{language.number(sum)}</span>}
    </button>
  );
}
