/** Keeping still what is read: a part of the page is shown once what it has asked for is there. */

import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from "react";

/** So long it is waited for; what comes later than this has had its room reserved. */
const PATIENCE_MS = 800;

type Settling = {
  /** Whether it is shown: from then on nothing may move. */
  readonly isSettled: boolean;
  /** Say that something is asked for; call the answer once that is over. */
  asked(): () => void;
};

const Context = createContext<Settling>({ isSettled: true, asked: () => () => undefined });

type SettledProps = {
  /** How long it is waited for, in ms. */
  readonly patience?: number;
  readonly children: ReactNode;
};

/** Holds what is not seen until all that it asks for at first is there, or has been waited for long enough. */
export function Settled({ patience = PATIENCE_MS, children }: SettledProps) {
  const [isSettled, setSettled] = useState(false);
  const open = useRef(0);
  useEffect(() => {
    if (open.current === 0) setSettled(true);
    const timer = setTimeout(() => setSettled(true), patience);
    return () => clearTimeout(timer);
  }, [patience]);
  const settling = useMemo(() => {
    const asked = () => {
      let isOpen = true;
      open.current += 1;
      return () => {
        if (isOpen) open.current -= 1;
        isOpen = false;
        if (open.current === 0) setSettled(true);
      };
    };
    return { isSettled, asked };
  }, [isSettled]);
  return (
    <Context value={settling}>
      <div className={isSettled ? undefined : "is-settling"}>{children}</div>
    </Context>
  );
}

/** What the part of the page around waits for. */
export function useSettling(): Settling {
  return useContext(Context);
}

/** Have the part of the page around wait for something. */
export function useAwaited(isAwaited: boolean): void {
  const { asked } = useSettling();
  useEffect(() => (isAwaited ? asked() : undefined), [isAwaited, asked]);
}

/** Whether there must be room for something: it had not come when what is around it was shown. */
export function useReserved(isAwaited: boolean): boolean {
  const { isSettled } = useSettling();
  const isReserved = useRef(false);
  if (isSettled && isAwaited) isReserved.current = true;
  return isReserved.current;
}

/**
 * Return whether there is room for something: once an answer is there, as it was then, until something else is asked.
 * Or what is read would move when a number changes for the first time.
 */
export function useFirst(question: string, hasRoom: boolean, isAwaited: boolean): boolean {
  const [first, setFirst] = useState({ question: "", hasRoom });
  if (!isAwaited && first.question !== question) setFirst({ question, hasRoom });
  return first.question === question ? first.hasRoom : hasRoom;
}
