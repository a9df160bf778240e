import { type ReactNode, useEffect, useRef } from "react";

/** What is over everything: it says how far down it reaches, so that nothing is beneath it that must be read. */
export function Banners({ children }: { readonly children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    const shell = element?.closest<HTMLElement>(".shell");
    if (!element || !shell) return;
    const observer = new ResizeObserver(() => {
      const { offsetTop, offsetHeight } = element;
      shell.style.setProperty("--banners", `${offsetHeight && offsetTop + offsetHeight}px`);
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
