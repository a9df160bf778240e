/** Requests to the map's HTTP API: its address, the token of the caller, and errors that say what is wrong. */

import type { Snapshot } from "./messages.ts";

/** Called before every request and every connection; null or nothing means no token. */
export type GetToken = () => string | null | undefined | Promise<string | null | undefined>;

export type Parameters = Readonly<Record<string, string | number | null | undefined>>;

/** Why the map could not be read: `status` and `code` are those of its problem details (RFC 9457), if it answered. */
export class MapError extends Error {
  override readonly name = "MapError";
  readonly status: number | null;
  readonly code: string | null;

  constructor(message: string, status: number | null = null, code: string | null = null, cause?: unknown) {
    super(message, { cause });
    this.status = status;
    this.code = code;
  }
}

export class MapHttp {
  readonly #url: string | URL | undefined;
  readonly #getToken: GetToken;

  constructor(url: string | URL | undefined, getToken: GetToken) {
    this.#url = url;
    this.#getToken = getToken;
  }

  /** Return the address of a path of the API, such as `living-map/snapshot`. Throws MapError where no map can be. */
  address(path: string, parameters: Parameters = {}): URL {
    const url = new URL(path, baseOf(this.#url));
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== null && value !== undefined && value !== "") url.searchParams.set(name, String(value));
    }
    return url;
  }

  /** Return a token, never one from before. */
  async token(): Promise<string | null> {
    return (await this.#getToken()) ?? null;
  }

  /** Request a path. Throws MapError for anything but an answer of success. */
  async ask(
    path: string,
    parameters: Parameters,
    signal?: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
    request: RequestInit = {},
  ): Promise<Response> {
    const token = await this.token();
    const sent = {
      Accept: "application/json",
      ...headers,
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    };
    const address = this.address(path, parameters);
    let answer: Response;
    try {
      answer = await fetch(address, { ...request, headers: sent, ...(signal ? { signal } : {}) });
    } catch (error) {
      throw new MapError(`${path}: the map cannot be reached`, null, null, error);
    }
    if (!answer.ok) throw await problemOf(path, answer);
    return answer;
  }

  /** Request a path, and return what it answers. Throws MapError for anything but an answer of success. */
  async read<Answer>(
    path: string,
    parameters: Parameters,
    signal?: AbortSignal,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const answer = await this.ask(path, parameters, signal, headers);
    try {
      return (await answer.json()) as Answer;
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw notAMap(answer.url || path, error);
    }
  }

  /** Read a snapshot. Throws MapError for anything else. */
  async snapshot(parameters: Parameters, signal?: AbortSignal): Promise<Snapshot> {
    const answer = await this.read<Partial<Snapshot> | null>(SNAPSHOT, parameters, signal);
    if (!answer?.layers || !answer.meta) throw notAMap(this.address(SNAPSHOT).href);
    return answer as Snapshot;
  }
}

const SNAPSHOT = "living-map/snapshot";

function notAMap(address: string, cause?: unknown): MapError {
  return new MapError(`${address}: no Living Map answers here`, null, "not_a_map", cause);
}

export const INVALID_URL = "invalid_url";

/**
 * Return where a map is: by default where the page is, to which a `url` without an origin is relative. Throws MapError
 * for what cannot be the address of a map. A server has no page: there such a `url` is of use in the browser alone.
 */
export function baseOf(url: string | URL | undefined): URL {
  let base: URL | undefined;
  try {
    base = new URL(url || ".", globalThis.document?.baseURI);
  } catch {
    // said below
  }
  if (!base || !/^https?:$/.test(base.protocol) || base.username) {
    const message = `url: no map can be at ${JSON.stringify(url ?? "")}; give one as https://map.example.org/ or /map/`;
    throw new MapError(message, null, INVALID_URL);
  }
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  base.search = base.hash = "";
  return base;
}

async function problemOf(path: string, answer: Response): Promise<MapError> {
  // of a proxy's page, say, the status has to do
  const body: unknown = await answer.json().catch(() => null);
  const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown };
  const message = typeof detail === "string" ? detail : `${path}: HTTP ${answer.status}`;
  return new MapError(message, answer.status, typeof code === "string" ? code : null);
}

/** Return the address of a map in full, or what was given where that cannot be. */
export function addressOf(url: string | URL | undefined): string {
  try {
    return baseOf(url).href;
  } catch {
    return String(url ?? "");
  }
}
