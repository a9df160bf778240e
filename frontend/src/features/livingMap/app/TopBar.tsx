import { useState } from "react";
import type { MapState } from "../client/state.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { IconButton } from "./bits.tsx";
import { ConnectionPill } from "./Connection.tsx";
import { Icon } from "./icons.tsx";
import { LayerSwitch } from "./LayerSwitch.tsx";
import { Login } from "./Login.tsx";
import { Logo } from "./Logo.tsx";
import { PauseButton } from "./PauseButton.tsx";
import { prefer, usePreferences } from "./preferences.ts";
import { loginUrl, logOut, useSession } from "./session.ts";
import { go, usePlace } from "./url.ts";

type TopBarProps = {
  readonly state: MapState;
  readonly onHelp: () => void;
  readonly onFit: () => void;
};

/** What is shown, whether it is live, and how the page looks. */
export function TopBar({ state, onHelp, onFit }: TopBarProps) {
  const { words, locale } = useLanguage();
  const { theme } = usePreferences();
  const { mode } = usePlace();
  const otherTheme = theme === "dark" ? "light" : "dark";
  return (
    <header className="top">
      <h1 className="brand">
        <Logo />
        <span>{words.title}</span>
      </h1>
      <LayerSwitch scene={state.data.scene} />
      <div className="tools">
        <ConnectionPill state={state} />
        {state.time.mode === "live" && <PauseButton state={state} />}
        <fieldset className="switch">
          <legend className="hidden">{words.view.label}</legend>
          {(["map", "table"] as const).map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={mode === one}
              title={words.view[one]}
              onClick={() => go({ mode: one })}
            >
              <Icon name={one} />
              <span className="switch-name">{words.view[one]}</span>
            </button>
          ))}
        </fieldset>
        {mode === "map" && <IconButton icon="fit" label={words.view.fit} onClick={onFit} className="wide-only" />}
        <IconButton
          icon={theme === "dark" ? "sun" : "moon"}
          label={words.theme.toggle}
          onClick={() => prefer({ theme: otherTheme })}
        />
        <button
          type="button"
          className="icon-button language"
          title={words.language.toggle}
          onClick={() => prefer({ locale: locale === "uk" ? "en" : "uk" })}
        >
          <span>{words.language.short}</span>
          <span className="hidden">, {words.language.toggle}</span>
        </button>
        <IconButton icon="help" label={words.help.open} onClick={onHelp} />
        <Account state={state} />
      </div>
    </header>
  );
}

/** Login and logout, on maps that have accounts. */
function Account({ state }: { readonly state: MapState }) {
  const { words } = useLanguage();
  const session = useSession();
  const [isOpen, setOpen] = useState(false);
  if (session) {
    const label = session.name ? `${words.session.logout}: ${session.name}` : words.session.logout;
    return <IconButton icon="user" label={label} onClick={logOut} className="account" />;
  }
  if (!loginUrl || state.connection.status === "unauthenticated") return null;
  return (
    <>
      <IconButton icon="user" label={words.session.login} onClick={() => setOpen(true)} className="account" />
      {isOpen && <Login reason="wished" detail={null} onClose={() => setOpen(false)} />}
    </>
  );
}
