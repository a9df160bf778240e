import { countIn } from "../domain/layers.ts";
import { looksOf } from "../domain/legend.ts";
import { TONES } from "../domain/tones.ts";
import { useLivingMap } from "../hooks/selectors.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Mark, Sign } from "./icons.tsx";
import { useRegistry } from "./registry.tsx";

/** What the map is and how to read it. */
export default function HelpText({ onClose }: { readonly onClose: () => void }) {
  const { words, fill, list } = useLanguage();
  const registry = useRegistry();
  const scene = useLivingMap(({ data }) => data.scene);
  const shown = registry.kinds.filter((kind) => countIn(scene, kind) > 0);
  const { help, layers, tones } = words;
  return (
    <div className="help">
      <p>{help.intro}</p>
      <ul className="help-list">
        {looksOf(shown.length > 0 ? shown : registry.kinds).map(({ look, names }) => (
          <li key={look}>{fill(help.looks[look], { what: list(names) })}</li>
        ))}
        {[...help.signs, help.pulse, help.pick].map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <h3>{layers.legend}</h3>
      <ul className="help-layers">
        {registry.layers.map((layer) => (
          <li key={layer.name}>
            <Sign path={layer.icon} />
            <span>
              <strong>{layer.title}</strong> {layer.hint}
            </span>
          </li>
        ))}
      </ul>
      <h3>{help.status}</h3>
      <ul className="help-tones">
        {TONES.map((tone) => (
          <li key={tone} className={`chip tone-${tone}`}>
            <Mark tone={tone} />
            {tones[tone]}
          </li>
        ))}
      </ul>
      <h3>{help.keys}</h3>
      <dl className="help-keys">
        {help.keyList.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <button type="button" className="button primary" onClick={onClose}>
        {help.start}
      </button>
    </div>
  );
}
