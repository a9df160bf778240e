/** Small pieces that several panels share. */

import type { ReactNode } from "react";
import type { Scene } from "../client/scene.ts";
import { typeOf } from "../domain/entities.ts";
import { toneOfLoad } from "../domain/loads.ts";
import { fullName, nameOfId } from "../domain/names.ts";
import { conditionOf, toneOf, toneOfItem, UNKNOWN } from "../domain/status.ts";
import type { Tone } from "../domain/tones.ts";
import type { Age } from "../domain/trust.ts";
import { statusWord } from "../domain/words.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { Icon, type IconName, Mark, TypeIcon } from "./icons.tsx";
import { useRegistry } from "./registry.tsx";
import { useAge, useTrust } from "./trust.tsx";
import { go } from "./url.ts";

export function StatusChip({ status, type }: { readonly status: string; readonly type: string }) {
  const language = useLanguage();
  const kind = useRegistry().kindOf(type);
  const tone = toneOf(status, kind);
  const age = useAge(type);
  return (
    <span className={`chip tone-${tone} ${age ? "is-old" : ""}`}>
      <Mark tone={tone} />
      {statusWord(status, language, kind)}
      {age && <AgeText age={age} />}
    </span>
  );
}

/** How old something is that has not been read again. */
export function AgeText({ age: { since } }: { readonly age: Age }) {
  const { words, agoSeconds, fill, moment } = useLanguage();
  const { now } = useTrust();
  if (since === null) return <span className="age">{words.trust.neverRead}</span>;
  return (
    <span className="age" title={fill(words.trust.asOf, { moment: moment(since) })}>
      {agoSeconds((now - since) / 1000)}
    </span>
  );
}

export function TypeName({ type }: { readonly type: string }) {
  return <>{useRegistry().kindOf(type).label}</>;
}

type LineProps = {
  readonly id: string;
  readonly type: string;
  readonly label: string;
  readonly status: string;
  readonly selected?: boolean;
  /** How it is marked; by default by its status. */
  readonly tone?: Tone;
  /** Whether Tab reaches it; in long lists arrow keys reach the others. */
  readonly isStop?: boolean;
  readonly onPick: (id: string) => void;
  readonly children?: ReactNode;
};

/** An entity as one line that can be picked. */
export function EntityLine({
  id,
  type,
  label,
  status,
  selected = false,
  tone,
  isStop = true,
  onPick,
  children,
}: LineProps) {
  const language = useLanguage();
  const kind = useRegistry().kindOf(type);
  const age = useAge(type);
  return (
    <button
      type="button"
      className={age ? "line is-old" : "line"}
      aria-current={selected}
      tabIndex={isStop ? 0 : -1}
      onClick={() => onPick(id)}
    >
      <TypeIcon type={type} />
      <span className="line-text">
        <span className="line-name">{label}</span>
        <span className="line-more">{children ?? <TypeName type={type} />}</span>
      </span>
      <span className="line-status" title={statusWord(status, language, kind)}>
        {(tone || status !== UNKNOWN) && <Mark tone={tone ?? toneOf(status, kind)} />}
        <span className="hidden">{statusWord(status, language, kind)}</span>
      </span>
    </button>
  );
}

type LinkProps = {
  readonly scene: Scene;
  readonly id: string;
  /** The thing beside which the link stands. */
  readonly place?: string;
};

/** An entity to which something else refers. */
export function EntityLink({ scene, id, place }: LinkProps) {
  const language = useLanguage();
  const registry = useRegistry();
  const age = useAge(typeOf(id));
  const item = registry.find(scene, id)?.item;
  if (!item) return <span className="muted">{nameOfId(id, scene, registry, language)}</span>;
  return (
    <button type="button" className={age ? "link-chip is-old" : "link-chip"} onClick={() => go({ select: id })}>
      {conditionOf(item, registry.kindOfId(id)) !== UNKNOWN && <Mark tone={toneOfItem(item, registry)} />}
      {fullName(item, scene, registry, place)}
    </button>
  );
}

type LoadProps = {
  readonly label: string;
  readonly load: number;
  /** Whether a high share is neither good nor bad. */
  readonly isPlain?: boolean;
};

export function LoadBar({ label, load, isPlain = false }: LoadProps) {
  const { percent } = useLanguage();
  const share = Math.max(0, Math.min(1, load));
  return (
    <div className="load">
      {label && <span className="load-label">{label}</span>}
      <meter
        className={isPlain ? "tone-busy" : `tone-${toneOfLoad(load)}`}
        min={0}
        max={1}
        value={share}
        aria-label={label || percent(load)}
      />
      <span className="load-number">{percent(load)}</span>
    </div>
  );
}

type ButtonProps = {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
  readonly pressed?: boolean;
  readonly isDisabled?: boolean;
  readonly className?: string;
};

/** A button that shows a sign; its name is a tooltip and what a screen reader reads. */
export function IconButton({ icon, label, onClick, pressed, isDisabled = false, className = "" }: ButtonProps) {
  return (
    <button
      type="button"
      className={`icon-button ${className}`}
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      disabled={isDisabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children && <p>{children}</p>}
    </div>
  );
}
