/** What stands in the box of `<LivingMap/>` where the map cannot be drawn. */

import { Component, type ReactNode } from "react";
import { type Locale, preferredLocale } from "../i18n/locale.ts";

// the words of the map may be what could not be loaded
const WORDS: Readonly<Record<Locale, { readonly failed: string; readonly retry: string }>> = {
  en: { failed: "The map could not be shown.", retry: "Try again" },
  uk: { failed: "Мапу не вдалося показати.", retry: "Спробувати знову" },
};

type BoundaryProps = {
  readonly locale: Locale | undefined;
  readonly onError: ((error: Error) => void) | undefined;
  /** Called before it is tried again. */
  readonly onRetry: () => void;
  readonly children: ReactNode;
};
type BoundaryState = { readonly failed: boolean };

/** Keeps a fault of the map from the app around it, and offers to try again. */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { failed: false };

  static getDerivedStateFromError(): BoundaryState {
    return { failed: true };
  }

  override componentDidCatch(error: unknown): void {
    this.props.onError?.(error instanceof Error ? error : new Error(String(error)));
  }

  readonly #retry = (): void => {
    this.props.onRetry();
    this.setState({ failed: false });
  };

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    const locale = this.props.locale ?? preferredLocale(navigator.languages);
    const { failed, retry } = WORDS[locale];
    return (
      <div lang={locale} role="alert" style={BOX}>
        <span>{failed}</span>
        <button type="button" style={BUTTON} onClick={this.#retry}>
          {retry}
        </button>
      </div>
    );
  }
}

/** Of the page only the colours are taken over, which shadow roots inherit. */
const BOX = {
  position: "absolute",
  inset: 0,
  display: "flex",
  flexDirection: "column",
  alignItems: "center",
  justifyContent: "center",
  gap: 12,
  padding: 16,
  font: "14px/1.5 system-ui, sans-serif",
  textAlign: "center",
} as const;
const BUTTON = {
  font: "inherit",
  color: "inherit",
  background: "none",
  border: "1px solid currentColor",
  borderRadius: 8,
  padding: "6px 14px",
  minHeight: 40,
  cursor: "pointer",
} as const;
