import { useEffect, useRef, useState } from "react";
import { mapNow } from "../client/clock.ts";
import { useLivingMap } from "../hooks/selectors.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { copyText } from "./copying.ts";
import { textOf } from "./moment.ts";

const COPIED_MS = 3000;

/** Copies links to what is shown: as it is whenever the link is opened, or exactly as it is now. */
export function Share() {
  const { words } = useLanguage();
  const shownAt = useLivingMap(({ data }) => data.generatedAt);
  const isPast = useLivingMap(({ time }) => time.mode === "past");
  return (
    <>
      <CopyButton label={words.details.copy} text={() => location.href} />
      {!isPast && <CopyButton label={words.details.copyMoment} text={() => momentLink(shownAt)} />}
    </>
  );
}

/** Return the address of what is shown, at a moment. */
function momentLink(shownAt: string): string {
  const url = new URL(location.href);
  url.searchParams.set("at", textOf(Date.parse(shownAt) || mapNow()));
  return url.href.replaceAll("%3A", ":").replaceAll("%2C", ",");
}

type CopyProps = { readonly label: string; readonly text: () => string };

/** Where the page may not copy, as in some frames, the text is shown to be copied. */
function CopyButton({ label, text }: CopyProps) {
  const { words } = useLanguage();
  const [shown, setShown] = useState<string | null>(null);
  const [isCopied, setCopied] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is shown to be copied is selected
  useEffect(() => field.current?.select(), [shown]);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    const copied = text();
    if (await copyText(copied)) setCopied(true);
    else setShown(copied);
  };
  if (shown !== null) {
    return (
      <input ref={field} className="copy-field" readOnly aria-label={words.details.copyByHand} value={shown} />
    );
  }
  return (
    <button type="button" className="button quiet" onClick={copy}>
      {isCopied ? words.details.copied : label}
    </button>
  );
}
