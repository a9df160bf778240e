import { useLanguage } from "../i18n/i18n.tsx";
import { Dialog } from "./Dialog.tsx";
import { later } from "./later.tsx";

const HelpText = later(() => import("./HelpText.tsx"));

/** How to read the map: shown at the first visit, and on request. */
export function Help({ onClose }: { readonly onClose: () => void }) {
  const { words } = useLanguage();
  return (
    <Dialog title={words.help.title} onClose={onClose}>
      <HelpText onClose={onClose} />
    </Dialog>
  );
}
