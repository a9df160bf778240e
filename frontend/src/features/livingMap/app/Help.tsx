import { LAYER_NAMES } from "../client/scene.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Dialog } from "./Dialog.tsx";
import { Icon, Mark } from "./icons.tsx";
import { TONES } from "./tones.ts";

/** What the map is and how it is read: shown at the first visit, and when asked for. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  const { words } = useLanguage();
  const { help, layers, layerHints } = words;
  return (
    <Dialog title={help.title} onClose={onClose}>
      <div className="help">
        <p>{help.intro}</p>
        <ul className="help-list">
          {[help.city, help.sky, help.pulse, help.pick].map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
        <h3>{layers.legend}</h3>
        <ul className="help-layers">
          {LAYER_NAMES.map((name) => (
            <li key={name}>
              <Icon name={name} />
              <span>
                <strong>{layers[name]}</strong> {layerHints[name]}
              </span>
            </li>
          ))}
        </ul>
        <h3>{help.status}</h3>
        <ul className="help-tones">
          {TONES.map((tone) => (
            <li key={tone} className={`chip tone-${tone}`}>
              <Mark tone={tone} />
              {help.tones[tone]}
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
    </Dialog>
  );
}
