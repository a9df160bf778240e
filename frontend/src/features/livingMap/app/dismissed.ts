import { useState } from "react";

/** Whether a person has closed what `key` stands for, and what closes it. Another key opens it again. */
export function useDismissed(key: string): readonly [boolean, () => void] {
  const [closed, setClosed] = useState<string | null>(null);
  return [closed === key, () => setClosed(key)];
}
