/** Requests to the map's HTTP API: its address, the token of the caller, and errors that say what is wrong. */

import type { Json } from "./scene.ts";

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
  readonly #base: URL;
  readonly #getToken: GetToken;
  readonly #fetch: typeof fetch;

  constructor(base: URL, getToken: GetToken, doFetch: typeof fetch) {
    this.#base = base;
    this.#getToken = getToken;
    this.#fetch = doFetch;
  }

  /** Return the address of a path of the API, such as `living-map/snapshot`. */
  address(path: string, parameters: Parameters = {}): URL {
    const url = new URL(path, this.#base);
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
  ): Promise<Response> {
    const token = await this.token();
    const sent = {
      Accept: "application/json",
      ...headers,
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    };
    let answer: Response;
    try {
      answer = await this.#fetch(this.address(path, parameters), { headers: sent, ...(signal ? { signal } : {}) });
    } catch (error) {
      throw new MapError(`${path}: the map cannot be reached`, null, null, error);
    }
    if (!answer.ok) throw await problemOf(path, answer);
    return answer;
  }
}

async function problemOf(path: string, answer: Response): Promise<MapError> {
  const text = await answer.text().catch(() => "");
  let body: Json = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page, say: the status has to do.
  }
  const { code, detail } = (body ?? {}) as { code?: unknown; detail?: unknown };
  const message = typeof detail === "string" ? detail : `${path}: HTTP ${answer.status}`;
  return new MapError(message, answer.status, typeof code === "string" ? code : null);
}
