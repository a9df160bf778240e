/** The session of the reader: a token from a login, from the embedding page, or pasted; kept for this tab alone. */

import { useSyncExternalStore } from "react";

export type Session = {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  /** In ms since 1970; null if unknown. */
  readonly expiresAt: number | null;
  readonly name: string | null;
};

const KEY = "livingmap.session";
const EARLY_MS = 90_000;

/** Base address of the auth-service that people log in at, as the map's operator has set it; null if there is none. */
export const loginUrl: string | null = metaContent("livingmap-login");

/** Return what the map has written into the page's head for it. */
export function metaContent(name: string): string | null {
  return globalThis.document?.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content || null;
}

const listeners = new Set<(isOtherPerson: boolean) => void>();
let session: Session | null = read();

function read(): Session | null {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "null") as Session | null;
  } catch {
    return null; // storage that is switched off, or holds something else
  }
}

/** Keep a session. One of the same person goes on where the last one ended. */
function keep(next: Session | null): void {
  const isOtherPerson = subjectOf(next) === null || subjectOf(next) !== subjectOf(session);
  session = next;
  try {
    if (next) sessionStorage.setItem(KEY, JSON.stringify(next));
    else sessionStorage.removeItem(KEY);
  } catch {
    // without storage the session lasts as long as the page
  }
  for (const listener of listeners) listener(isOtherPerson);
}

/** Return the subject of a token that is a JWT with a `sub`. The map verifies tokens; the page does not. */
function subjectOf(of: Session | null): string | null {
  try {
    const claims = of?.accessToken.split(".")[1]?.replaceAll("-", "+").replaceAll("_", "/");
    const { sub } = JSON.parse(atob(claims ?? ""));
    return typeof sub === "string" ? sub : null;
  } catch {
    return null;
  }
}

/** Call back with every new token: whether it is another person's. Returns how to unsubscribe. */
export function subscribeSession(listener: (isOtherPerson: boolean) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useSession(): Session | null {
  return useSyncExternalStore(subscribeSession, () => session);
}

export function adoptToken(accessToken: string): void {
  keep({ accessToken: accessToken.trim(), refreshToken: null, expiresAt: null, name: null });
}

export function logOut(): void {
  const refreshToken = session?.refreshToken;
  if (loginUrl && refreshToken)
    void post("api/auth/logout", { refresh_token: refreshToken }).catch(() => undefined);
  keep(null);
}

export class LoginError extends Error {
  readonly reason: "wrong" | "disabled" | "unreachable";

  constructor(reason: "wrong" | "disabled" | "unreachable") {
    super(reason);
    this.reason = reason;
  }
}

/** Log in at auth-service. Throws LoginError. */
export async function logIn(email: string, password: string): Promise<void> {
  const answer = await post("api/auth/login", { email, password }).catch(() => null);
  if (!answer || answer.status >= 500) throw new LoginError("unreachable");
  if (answer.status === 403) throw new LoginError("disabled");
  if (!answer.ok) throw new LoginError("wrong");
  keep(sessionOf(await answer.json()));
}

/** Return a token that is good for a while yet: the session's own, or a fresh one for it. */
export async function token(): Promise<string | null> {
  if (!session) return null;
  const { expiresAt, refreshToken } = session;
  if (!loginUrl || !refreshToken || expiresAt === null || Date.now() < expiresAt - EARLY_MS)
    return session.accessToken;
  refreshing ??= refresh(refreshToken).finally(() => {
    refreshing = null;
  });
  await refreshing;
  return session?.accessToken ?? null;
}

let refreshing: Promise<void> | null = null;

async function refresh(refreshToken: string): Promise<void> {
  const answer = await post("api/auth/refresh", { refresh_token: refreshToken }).catch(() => null);
  if (!answer?.ok) return;
  const next = sessionOf(await answer.json());
  keep({ ...next, name: next.name ?? session?.name ?? null });
}

function post(path: string, body: Record<string, string>): Promise<Response> {
  const base = `${loginUrl ?? ""}/`.replace(/\/+$/, "/");
  const headers = { "Content-Type": "application/json" };
  return fetch(new URL(path, base), { method: "POST", headers, body: JSON.stringify(body) });
}

type Granted = {
  access_token: string;
  refresh_token?: string;
  expires_in?: number;
  user?: { display_name?: string | null; email?: string };
};

function sessionOf({ access_token, refresh_token, expires_in, user }: Granted): Session {
  return {
    accessToken: access_token,
    refreshToken: refresh_token ?? null,
    expiresAt: expires_in ? Date.now() + expires_in * 1000 : null,
    name: user?.display_name ?? user?.email ?? null,
  };
}
