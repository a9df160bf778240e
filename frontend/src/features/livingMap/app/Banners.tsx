import { type ReactNode, useEffect, useRef } from "react";

/** What is over everything: it says how far down it reaches, so that nothing is beneath it that must be read. */
export function Banners({ children }: { readonly children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    const shell = element?.closest<HTMLElement>(".shell");
    if (!element || !shell) return;
    const hold = heldBelow(element);
    const observer = new ResizeObserver(() => {
      const { offsetTop, offsetHeight } = element;
      shell.style.setProperty("--banners", `${offsetHeight && offsetTop + offsetHeight}px`);
      hold();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={box} className="banners">
      {children}
    </div>
  );
}

/** Return what keeps the rows of a table below the banners where they are on the screen, however high those are. */
function heldBelow(banners: HTMLElement): () => void {
  let rows: Element | null = null;
  let height = 0;
  return () => {
    const before = { rows, height };
    rows = banners.parentElement?.querySelector(".table-box, .compare") ?? null;
    height = banners.getBoundingClientRect().height;
    if (rows && rows === before.rows) rows.scrollTop += height - before.height;
  };
}
