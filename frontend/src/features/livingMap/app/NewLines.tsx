import { useRef } from "react";
import { useLanguage } from "../i18n/i18n.tsx";

type NewLinesProps = {
  /** How many lines wait; null where that is not known. */
  readonly waiting: number | null;
  readonly onShow: () => void;
};

/** Shows what came while a list was read. Its room is always there, and has the focus once there is nothing to press. */
export function NewLines({ waiting, onShow }: NewLinesProps) {
  const { words, plural } = useLanguage();
  const room = useRef<HTMLSpanElement>(null);
  const show = () => {
    room.current?.focus();
    onShow();
  };
  return (
    <span ref={room} className="new-lines" tabIndex={-1}>
      {waiting !== 0 && (
        <button type="button" className="text-button" onClick={show}>
          {waiting === null ? words.events.showNewest : plural(waiting, words.events.showNew)}
        </button>
      )}
    </span>
  );
}
