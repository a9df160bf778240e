/** A client of a map's HTTP API: what was, how it went, what it comes to, what is wrong. `LivingMapClient` is for what is now. */

import type { At, ClientOptions } from "./client.ts";
import { MapHttp, type Parameters } from "./http.ts";
import type { Snapshot } from "./messages.ts";
import type { components, paths } from "./openapi.ts";
import type { Problem } from "./problems.ts";
import type { Json } from "./scene.ts";

type Schemas = components["schemas"];

/** A thing as the catalogue lists it. */
export type EntityLine = Schemas["EntityLine"];
/** A thing in full. */
export type EntityDetails = Schemas["EntityDetails"];
/** An entry of the history, with what it changed. */
export type HistoryItem = Schemas["HistoryItem"];
/** How the map changed between two moments. */
export type Difference = Schemas["DifferenceReport"];
/** A number of a thing over time. */
export type Series = Schemas["Series"];
/** How much happened over time. */
export type Timeline = Schemas["Timeline"];
/** What a number of many things comes to over time. */
export type Totals = Schemas["Totals"];
/** What there may be on a map, in words. */
export type TypeTable = Schemas["TypeTable"];
/** The texts of events. */
export type SentenceTable = Schemas["SentenceTable"];

type Get<Path extends keyof paths> = Extract<paths[Path]["get"], { parameters: { query?: unknown } }>;
type Asked<Query> = {
  readonly [Name in keyof Query]: Name extends "at" | "from" | "to" | "since" | "until"
    ? At | Extract<Query[Name], null | undefined>
    : Name extends "layers" | "only"
      ? string | readonly string[] | Extract<Query[Name], null | undefined>
      : Query[Name];
};

/** What a path of the API can be asked, by the names that the API has for it. A moment may be a `Date`, and names a list. */
export type QueryOf<Path extends keyof paths> = Asked<NonNullable<Get<Path>["parameters"]["query"]>>;

/** How a question is put. */
export type Asking = {
  /** Ends the question. */
  readonly signal?: AbortSignal | undefined;
  /** The language of texts that are for people, such as `uk`; by default English. */
  readonly lang?: string | undefined;
};

type Query = Readonly<Record<string, string | number | boolean | Date | readonly string[] | null | undefined>>;

/** So many lines are read at once. */
const PAGE = 1000;

/**
 * Asks the HTTP API of a map. Every method throws MapError. For the map of a provider:
 * `new MapClient(useLivingMapClient().options)`.
 */
export class MapClient {
  readonly #http: MapHttp;

  constructor({ url, getToken = () => null }: Pick<ClientOptions, "url" | "getToken"> = {}) {
    this.#http = new MapHttp(url, getToken);
  }

  /** The whole state, or some of its layers; with `at`, as it was then. */
  async snapshot<Layers = Snapshot["layers"]>(
    query: QueryOf<"/living-map/snapshot"> = {},
    { signal }: Asking = {},
  ): Promise<Snapshot<Layers>> {
    return (await this.#http.snapshot(parametersOf(query), signal)) as Snapshot<Layers>;
  }

  /** One thing in full, by its id or an alias; with `at`, as it was then. */
  entity(
    id: string,
    query: QueryOf<"/living-map/entities/{entity_id}"> = {},
    asking?: Asking,
  ): Promise<EntityDetails> {
    return this.get(`entities/${encodeURIComponent(id)}`, query, asking);
  }

  /** The catalogue in order of id, or what of it is asked for; read page by page, as far as the loop goes. */
  entities(query: QueryOf<"/living-map/entities"> = {}, asking?: Asking): AsyncGenerator<EntityLine> {
    return this.#lines("entities", query, asking);
  }

  /** The entries of the log, the newest first, or those that are asked for; read page by page, as far as the loop goes. */
  history(query: QueryOf<"/living-map/history"> = {}, asking?: Asking): AsyncGenerator<HistoryItem> {
    return this.#lines("history", query, asking);
  }

  /** How the map changed between two moments, by default until now; with `summary`, what that comes to. */
  diff(query: QueryOf<"/living-map/diff">, asking?: Asking): Promise<Difference> {
    return this.get("diff", query, asking);
  }

  /** What a number of a thing was over time: the lowest, mean and highest value of each step. */
  series(query: QueryOf<"/living-map/series">, asking?: Asking): Promise<Series> {
    return this.get("series", query, asking);
  }

  /** How much happened over time, what was in trouble, and what is not known. */
  timeline(query: QueryOf<"/living-map/timeline"> = {}, asking?: Asking): Promise<Timeline> {
    return this.get("timeline", query, asking);
  }

  /** What a number of all things of a type comes to over time, in all and by what they refer to, and what is unusual. */
  totals(query: QueryOf<"/living-map/totals">, asking?: Asking): Promise<Totals> {
    return this.get("totals", query, asking);
  }

  /** What is wrong now, or what of it is asked for. */
  problems(query: QueryOf<"/living-map/problems"> = {}, asking?: Asking): Promise<Schemas["ProblemReports"]> {
    return this.get("problems", query, asking);
  }

  /** Say that somebody has seen a problem, until a moment or for eight hours. Returns the problem. For administrators. */
  async acknowledge(
    id: string,
    { until, note = "" }: { readonly until?: At | undefined; readonly note?: string | undefined } = {},
    { lang }: Pick<Asking, "lang"> = {},
  ): Promise<Problem> {
    const body = JSON.stringify({ note, ...(until === undefined ? {} : { until: textOf(until) }) });
    const headers = { "Content-Type": "application/json", ...headersOf(lang) };
    const path = `living-map/problems/${encodeURIComponent(id)}/acknowledge`;
    const answer = await this.#http.ask(path, {}, undefined, headers, { method: "POST", body });
    return (await answer.json()) as Problem;
  }

  /** What there may be on the map: types and layers, with their words. */
  types(asking?: Asking): Promise<TypeTable> {
    return this.get("types", {}, asking);
  }

  /** The texts of events, as the plugins have them: see `EventTexts`. */
  sentences(asking?: Asking): Promise<SentenceTable> {
    return this.get("sentences", {}, asking);
  }

  /** What any path below `/living-map/` answers. */
  get<Answer = Json>(path: string, query: Query = {}, { signal, lang }: Asking = {}): Promise<Answer> {
    return this.#http.read(`living-map/${path}`, parametersOf(query), signal, headersOf(lang));
  }

  async *#lines<Line>(path: string, query: Query, asking?: Asking): AsyncGenerator<Line> {
    let cursor: string | null | undefined;
    do {
      const page = { limit: PAGE, ...query, ...(cursor ? { cursor } : {}) };
      const answer = await this.get<{ items: Line[]; next_cursor: string | null }>(path, page, asking);
      yield* answer.items;
      cursor = answer.next_cursor;
    } while (cursor);
  }
}

function headersOf(lang: string | undefined): Readonly<Record<string, string>> {
  return lang === undefined ? {} : { "Accept-Language": lang };
}

/** Return a question as an address has it. */
function parametersOf(query: Query): Parameters {
  const texts = Object.entries(query).map(
    ([name, value]) => [name, value == null ? null : textOf(value)] as const,
  );
  return Object.fromEntries(texts);
}

function textOf(value: NonNullable<Query[string]>): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
