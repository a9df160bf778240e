/** Parts of the page whose code is loaded once the page is there, or when they are first opened. */

import { type ComponentType, useEffect, useState, useSyncExternalStore } from "react";
import { useLanguage } from "../i18n/i18n.tsx";

type Code<Props> = { readonly default: ComponentType<Props> };

/** What comes sooner than this does so without a word. */
const PATIENCE_MS = 400;

const loads: (() => Promise<unknown>)[] = [];

/**
 * Return a component whose code `load` gets. While it is on its way there is nothing, and then a line that says so. If
 * it cannot be got, as after a new version of the map was installed, that is said, and it can be tried again.
 */
export function later<Props extends object>(load: () => Promise<Code<Props>>): ComponentType<Props> {
  const code = new LateCode(load);
  loads.push(code.get);
  return (props) => <Late code={code} props={props} />;
}

type LateProps<Props> = { readonly code: LateCode<Props>; readonly props: Props };

function Late<Props extends object>({ code, props }: LateProps<Props>) {
  const state = useSyncExternalStore(code.subscribe, code.state);
  useEffect(() => void code.get(), [code]);
  if (state === "failed") return <Failed onRetry={code.get} />;
  return state === null ? <Waiting /> : <state.default {...props} />;
}

/** Load all of it in turn, once the browser has nothing else to do: what is opened later is there then, with or without a network. */
export function loadAll(): void {
  const [load] = loads.splice(0, 1);
  if (!load) return;
  const next = () => void load().then(loadAll, loadAll);
  if ("requestIdleCallback" in globalThis) requestIdleCallback(next, { timeout: 2000 });
  else setTimeout(next, 200);
}

class LateCode<Props> {
  readonly #load: () => Promise<Code<Props>>;
  readonly #listeners = new Set<() => void>();
  #code: Code<Props> | "failed" | null = null;
  #loading: Promise<void> | null = null;

  constructor(load: () => Promise<Code<Props>>) {
    this.#load = load;
  }

  readonly state = (): Code<Props> | "failed" | null => this.#code;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0 && this.#code === "failed") this.#code = null;
    };
  };

  /** Load the code, unless it is there or on its way. That it failed matters once somebody waits for it. */
  readonly get = (): Promise<void> => {
    if (this.#code === "failed") this.#show(null);
    if (this.#code !== null) return Promise.resolve();
    this.#loading ??= this.#load()
      .then(
        (code) => this.#show(code),
        () => {
          if (this.#listeners.size > 0) this.#show("failed");
        },
      )
      .then(() => {
        this.#loading = null;
      });
    return this.#loading;
  };

  #show(code: Code<Props> | "failed" | null): void {
    this.#code = code;
    for (const listener of this.#listeners) listener();
  }
}

function Waiting() {
  const { words } = useLanguage();
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLong ? <p className="padded muted">{words.events.reading}</p> : null;
}

/** A file that is not there any more comes with a new page. */
function Failed({ onRetry }: { readonly onRetry: () => void }) {
  const { words } = useLanguage();
  return (
    <div className="empty" role="alert">
      <strong>{words.failed.part}</strong>
      <p className="actions">
        <button type="button" className="button primary" onClick={onRetry}>
          {words.failed.retry}
        </button>
        <button type="button" className="button" onClick={() => location.reload()}>
          {words.failed.reload}
        </button>
      </p>
    </div>
  );
}
