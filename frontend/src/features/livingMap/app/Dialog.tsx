import { type ReactNode, useEffect, useRef } from "react";
import { useLanguage } from "../i18n/i18n.tsx";
import { IconButton } from "./bits.tsx";

type DialogProps = {
  readonly title: string;
  /** Null: it cannot be closed. */
  readonly onClose: (() => void) | null;
  readonly children: ReactNode;
};

/** A question in front of everything else; the browser keeps the focus within. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const { words } = useLanguage();
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    box.current?.showModal();
  }, []);
  return (
    <dialog
      ref={box}
      className="dialog"
      aria-label={title}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
    >
      <header>
        <h2>{title}</h2>
        {onClose && <IconButton icon="close" label={words.session.cancel} onClick={onClose} />}
      </header>
      {children}
    </dialog>
  );
}
