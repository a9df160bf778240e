/** Pages about things elsewhere. */

import { useMemo } from "react";
import type { EntityDetails } from "../client/api.ts";
import { useLanguage } from "../i18n/i18n.tsx";
import { useAsked, useLast } from "./asked.ts";
import { Icon } from "./icons.tsx";
import { useReserved } from "./settled.tsx";

type Links = EntityDetails["links"];
type Link = Links[number];

/** Buttons to the pages of a thing. Where it takes long until the map says which there are, there is room for one. */
export function OpenLinks({
  links,
  hasFailed,
}: {
  readonly links: Links | undefined;
  readonly hasFailed: boolean;
}) {
  const { words } = useLanguage();
  const isReserved = useReserved(!links && !hasFailed);
  if (links?.length) return links.map((link) => <OpenLink key={link.url} link={link} />);
  return (
    isReserved && (
      <span className="button is-room" aria-hidden="true">
        {words.details.open}
      </span>
    )
  );
}

type OpenLinkProps = {
  readonly link: Link;
  /** What the page is about, where only a sign is shown. */
  readonly about?: string;
  readonly isStop?: boolean;
};

/** A page about the thing elsewhere. It learns neither the map's address nor its window. */
export function OpenLink({ link: { source, url }, about, isStop = true }: OpenLinkProps) {
  const { words, fill } = useLanguage();
  if (!/^(https?|mailto):/.test(url)) return null;
  return (
    <a
      className={about === undefined ? "button" : "icon-button"}
      href={url}
      target="_blank"
      rel="noopener noreferrer"
      title={fill(words.details.at, { source, url })}
      aria-label={about === undefined ? undefined : `${words.details.open}: ${about}`}
      tabIndex={isStop ? 0 : -1}
    >
      {about === undefined ? words.details.open : <Icon name="open" />}
    </a>
  );
}

type Answer = { readonly items: readonly { readonly id: string; readonly links: Links }[] };

/** So long may be what is asked for at once, in characters. */
const MOST = 4000;

/** The first page of each of some things that have one, by id. */
export function useLinks(ids: readonly string[]): ReadonlyMap<string, Link> {
  const only = ids.join(",").slice(0, MOST);
  const answer = useLast(useAsked<Answer>("living-map/entities", { only, limit: 1000 }).answer);
  return useMemo(
    () => new Map((answer?.items ?? []).flatMap(({ id, links: [first] }) => (first ? [[id, first]] : []))),
    [answer],
  );
}
