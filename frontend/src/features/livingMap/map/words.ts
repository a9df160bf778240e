/** The few words that the map itself says, in both languages. */

import type { Item, SourceBrief } from "../client/scene.ts";
import type { Doubts } from "./freshness.ts";
import type { Kind, Shape } from "./kinds.ts";
import { alertOf, loadsOf, type Tone, toneOf } from "./status.ts";

export type Locale = "uk" | "en";

type Words = {
  readonly map: string;
  readonly hint: string;
  readonly kinds: Readonly<Record<Kind, string>>;
  readonly many: Readonly<Record<Kind, string>>;
  readonly tones: Readonly<Record<Tone, string>>;
  readonly cpu: string;
  readonly gpu: string;
  readonly memory: string;
  readonly alert: string;
  readonly mock: string;
  readonly stale: string;
  readonly allMock: string;
  readonly agents: Readonly<Record<Intl.LDMLPluralRule, string>>;
};

const WORDS: Readonly<Record<Locale, Words>> = {
  uk: {
    map: "Жива мапа мережі",
    hint: "Стрілки рухають мапу, + і − змінюють масштаб, Tab обирає наступне, Enter відкриває, 0 показує все, Escape і Tab виводять з мапи.",
    kinds: {
      microdao: "мікроДАО",
      room: "громадське місце",
      node: "нода",
      channel: "канал",
      agent: "агент",
      dao: "ДАО",
      orbit: "нода на орбіті",
      proposal: "пропозиція",
    },
    many: {
      microdao: "мікроДАО",
      room: "громадські місця",
      node: "ноди",
      channel: "канали",
      agent: "агенти",
      dao: "ДАО",
      orbit: "ноди",
      proposal: "пропозиції",
    },
    tones: { good: "гаразд", busy: "зайнято", warn: "увага", bad: "збій", off: "не в мережі", idle: "невідомо" },
    cpu: "ЦП",
    gpu: "ГП",
    memory: "пам'ять",
    alert: "є сповіщення",
    mock: "змодельовано",
    allMock: "Усе тут змодельовано",
    stale: "застаріло",
    agents: { one: "агент", few: "агенти", many: "агентів", other: "агента", zero: "агентів", two: "агенти" },
  },
  en: {
    map: "Living map of the network",
    hint: "Arrow keys move the map, + and − zoom, Tab goes to the next item, Enter opens it, 0 shows everything, Escape and Tab lead out of the map.",
    kinds: {
      microdao: "microDAO",
      room: "public place",
      node: "node",
      channel: "channel",
      agent: "agent",
      dao: "DAO",
      orbit: "node in orbit",
      proposal: "proposal",
    },
    many: {
      microdao: "microDAOs",
      room: "public places",
      node: "nodes",
      channel: "channels",
      agent: "agents",
      dao: "DAOs",
      orbit: "nodes",
      proposal: "proposals",
    },
    tones: { good: "fine", busy: "busy", warn: "attention", bad: "failing", off: "offline", idle: "unknown" },
    cpu: "CPU",
    gpu: "GPU",
    memory: "memory",
    alert: "has alerts",
    mock: "simulated",
    allMock: "All of this is simulated",
    stale: "stale",
    agents: { one: "agent", few: "agents", many: "agents", other: "agents", zero: "agents", two: "agents" },
  },
};

export function wordsOf(locale: Locale): Words {
  return WORDS[locale];
}

/** Return what a thing is called: its name, its title, or the end of its id. */
export function nameOf(item: Item): string {
  const said = [item.name, item.title, item.slug].find(
    (one): one is string => typeof one === "string" && one !== "",
  );
  return said ?? item.id.slice(item.id.indexOf(":") + 1);
}

/** Return a name that is not longer than a label may be. */
export function shortened(name: string, most = 26): string {
  const letters = [...new Intl.Segmenter().segment(name)];
  return letters.length <= most
    ? name
    : `${letters
        .slice(0, most - 1)
        .map((one) => one.segment)
        .join("")
        .trimEnd()}…`;
}

export function counted(count: number, locale: Locale): string {
  const rule = new Intl.PluralRules(locale).select(count);
  return `${new Intl.NumberFormat(locale).format(count)} ${WORDS[locale].agents[rule]}`;
}

/** Say in a line what a shape is and how it is; for the hovering hand and for who hears the map. */
export function told(shape: Shape, locale: Locale, source: SourceBrief | undefined): string[] {
  const words = WORDS[locale];
  const { item, kind } = shape;
  const status = typeof item.status === "string" ? item.status : words.tones[toneOf(kind, item)];
  const lines = [`${words.kinds[kind]} · ${status}`];
  const loads = kind === "node" || kind === "orbit" ? loadsOf(item) : null;
  if (loads) {
    const percent = new Intl.NumberFormat(locale, { style: "percent" });
    const [cpu, gpu, memory] = loads.map((load) => percent.format(load));
    lines.push(`${words.cpu} ${cpu} · ${words.gpu} ${gpu} · ${words.memory} ${memory}`);
  }
  if (kind === "microdao" && typeof item.agents === "number") {
    lines.push(counted(item.agents, locale));
  }
  if (alertOf(item)) {
    lines.push(words.alert);
  }
  if (source?.status === "mock") {
    lines.push(words.mock);
  }
  if (source && isOld(source)) {
    lines.push(`${words.stale}: ${agoIn(source.age_seconds ?? 0, locale)}`);
  }
  return lines;
}

/** Say in a few words what of the map is not of now or not real; nothing if all is well. */
export function caveats({ mocked, old, age, all }: Doubts, locale: Locale): string[] {
  const words = WORDS[locale];
  const list = (kinds: readonly Kind[]) => {
    const names = [...new Set(kinds.map((kind) => words.many[kind]))];
    return new Intl.ListFormat(locale, { type: "unit" }).format(names);
  };
  const mock = mocked.length === all ? words.allMock : `${words.mock}: ${list(mocked)}`;
  return [
    ...(mocked.length > 0 ? [`◐ ${mock}`] : []),
    ...(old.length > 0 ? [`▲ ${words.stale} (${agoIn(age, locale)}): ${list(old)}`] : []),
  ];
}

export function isOld(source: SourceBrief): boolean {
  return source.status === "stale" || source.status === "down" || source.status === "failed";
}

function agoIn(seconds: number, locale: Locale): string {
  const format = new Intl.RelativeTimeFormat(locale, { style: "short" });
  const [size, unit] =
    seconds < 90 ? [1, "second" as const] : seconds < 5400 ? [60, "minute" as const] : [3600, "hour" as const];
  return format.format(-Math.round(seconds / size), unit);
}
