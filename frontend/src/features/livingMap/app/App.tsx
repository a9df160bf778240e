/** The page: the session, the language, and the map with its panels. */

import { Component, type ReactNode, useEffect, useMemo } from "react";
import { LivingMapClient } from "../client/client.ts";
import { LivingMapProvider } from "../hooks/LivingMapProvider.tsx";
import { LanguageContext, languageOf, useLanguage } from "../i18n/i18n.tsx";
import { openFrame } from "./frame.ts";
import { usePreferences } from "./preferences.ts";
import { Shell } from "./Shell.tsx";
import { subscribeSession, token } from "./session.ts";

export function App() {
  const { locale } = usePreferences();
  const language = useMemo(() => languageOf(locale), [locale]);
  const client = useMemo(() => new LivingMapClient({ getToken: token }), []);
  useEffect(() => openFrame(), []);
  // Another person may be allowed to see other things: what was read is forgotten.
  useEffect(() => followSession(client), [client]);
  return (
    <LanguageContext value={language}>
      <Guard>
        <LivingMapProvider client={client}>
          <Shell />
        </LivingMapProvider>
      </Guard>
    </LanguageContext>
  );
}

function followSession(client: LivingMapClient): () => void {
  return subscribeSession((isOtherPerson) => (isOtherPerson ? client.reset() : client.retry()));
}

/** Catches the errors of components: a page with a message is better than an empty one. */
class Guard extends Component<{ readonly children: ReactNode }, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <Crash /> : this.props.children;
  }
}

function Crash() {
  const { words } = useLanguage();
  return (
    <div className="notice" role="alert">
      <h2>{words.failed.crash}</h2>
      <button type="button" className="button primary" onClick={() => location.reload()}>
        {words.failed.reload}
      </button>
    </div>
  );
}
