import { LAYER_NAMES, type LayerName, type Scene } from "../client/scene.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Icon } from "./icons.tsx";
import { go, usePlace } from "./url.ts";

/** The collection of each layer that its number counts. */
const COUNTED: Readonly<Record<LayerName, string>> = {
  city: "items",
  space: "planets",
  nodes: "items",
  agents: "items",
  dao: "proposals",
  messaging: "channels",
};

/** The layers of the map, each to be shown or hidden; a double click shows one alone, another all again. */
export function LayerSwitch({ scene }: { readonly scene: Scene }) {
  const { words, number } = useLanguage();
  const { layers } = usePlace();
  const toggle = (name: LayerName) => {
    const next = new Set(layers);
    if (!next.delete(name)) next.add(name);
    go({ layers: next });
  };
  const only = (name: LayerName) => go({ layers: new Set(layers.size === 1 ? LAYER_NAMES : [name]) });
  return (
    <fieldset className="layers">
      <legend className="hidden">{words.layers.legend}</legend>
      {LAYER_NAMES.map((name) => {
        const count = scene[name]?.collections[COUNTED[name]]?.size;
        return (
          <button
            key={name}
            type="button"
            className="layer"
            aria-pressed={layers.has(name)}
            title={words.layerHints[name]}
            onClick={() => toggle(name)}
            onDoubleClick={() => only(name)}
          >
            <Icon name={name} />
            <span className="layer-name">{words.layers[name]}</span>
            {count !== undefined && count > 0 && <span className="layer-count">{number(count)}</span>}
          </button>
        );
      })}
    </fieldset>
  );
}
