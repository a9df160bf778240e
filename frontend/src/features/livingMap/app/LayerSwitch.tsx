import type { Scene } from "../client/scene.ts";
import { countOf, LAYER_NAMES, LAYERS } from "../domain/layers.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Sign } from "./icons.tsx";
import { go, usePlace } from "./url.ts";

/** The layers of the map, to be shown and hidden. A double click shows one alone, and the next one all again. */
export function LayerSwitch({ scene }: { readonly scene: Scene }) {
  const { words, of, number } = useLanguage();
  const { layers } = usePlace();
  const toggle = (name: string) => {
    const next = new Set(layers);
    if (!next.delete(name)) next.add(name);
    go({ layers: next });
  };
  const only = (name: string) => go({ layers: new Set(layers.size === 1 ? LAYER_NAMES : [name]) });
  return (
    <fieldset className="layers">
      <legend className="hidden">{words.layers.legend}</legend>
      {LAYERS.map((layer) => {
        const { name, icon } = layer;
        const count = countOf(scene, layer);
        return (
          <button
            key={name}
            type="button"
            className="layer"
            aria-pressed={layers.has(name)}
            title={of(layer.words).hint}
            onClick={() => toggle(name)}
            onDoubleClick={() => only(name)}
          >
            <Sign path={icon} />
            <span className="layer-name">{of(layer.words).name}</span>
            {count > 0 && <span className="layer-count">{number(count)}</span>}
          </button>
        );
      })}
    </fieldset>
  );
}
