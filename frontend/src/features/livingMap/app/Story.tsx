import { useEffect, useState } from "react";
import type { LivingMapClient } from "../client/client.ts";
import { mapTime } from "../client/clock.ts";
import { ignored, persistently } from "../client/persistently.ts";
import { reach } from "../client/time.ts";
import type { HistoryPage } from "../domain/history.ts";
import { type Story, type StoryStep, type Summary, sidesOf, toneOfStep } from "../domain/story.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";
import { IconButton } from "./bits.tsx";
import { useClock } from "./calm.ts";
import { Icon, Mark } from "./icons.tsx";
import { goLive, textOf, useTime } from "./moment.ts";
import { useAbsence } from "./seen.ts";
import { go } from "./url.ts";

type StoryProps = { readonly isLive: boolean; readonly onFly: (id: string) => void };

/** What happened since somebody looked last: nothing where that was nothing. */
export function SinceYouLeft({ isLive, onFly }: StoryProps) {
  const leftAt = useAbsence(isLive);
  const [isClosed, setClosed] = useState(false);
  const story = useStory(isClosed ? null : leftAt, isLive);
  const { mode } = useTime();
  if (leftAt === null || isClosed || !story || story.steps.length === 0) return null;
  const close = () => {
    setClosed(true);
    if (mode === "past") goLive();
  };
  return <StoryCard leftAt={leftAt} story={story} onFly={onFly} onClose={close} />;
}

/** The story since a moment, asked for once the map is live, and in each language. */
function useStory(leftAt: number | null, isLive: boolean): Story | null {
  const client = useLivingMapClient();
  const { locale } = useLanguage();
  const [story, setStory] = useState<Story | null>(null);
  const [isAsked, setAsked] = useState(false);
  useEffect(() => {
    if (isLive) setAsked(true);
  }, [isLive]);
  useEffect(() => {
    if (leftAt === null || !isAsked) return;
    const abort = new AbortController();
    // a map without a history has no story
    persistently(() => storySince(client, leftAt, locale, abort.signal), abort.signal).then(setStory, ignored);
    return () => abort.abort();
  }, [client, leftAt, isAsked, locale]);
  return story;
}

/** What was before the oldest moment that is kept is not told. */
async function storySince(
  client: LivingMapClient,
  leftAt: number,
  locale: string,
  signal: AbortSignal,
): Promise<Story | null> {
  const { oldest_available } = await client.ask<HistoryPage>("living-map/history", { limit: 1 }, signal);
  if (oldest_available === null) return null;
  const begin = Math.max(mapTime(leftAt), reach(oldest_available));
  const question = { from: textOf(begin), summary: "true" };
  const { summary } = await client.ask<{ summary: Summary | null }>("living-map/diff", question, signal, {
    "Accept-Language": locale,
  });
  return { begin, steps: summary?.story ?? [] };
}

type CardProps = {
  readonly leftAt: number;
  readonly story: Story;
  readonly onFly: (id: string) => void;
  readonly onClose: () => void;
};

const FEW = 3;

function StoryCard({ leftAt, story: { begin, steps }, onFly, onClose }: CardProps) {
  const { words, fill, agoLong, span } = useLanguage();
  const now = useClock(60_000);
  const seconds = (now - mapTime(leftAt)) / 1000;
  const written = useWritten();
  const [isOpen, setOpen] = useState(false);
  const [shown, setShown] = useState<Shown | null>(null);
  const show = (index: number, side: Side) => {
    const step = steps[index];
    if (!step) return;
    setShown({ index, side });
    visit(step, sidesOf(step, begin)[side], onFly);
  };
  const title = fill(words.story.title, { ago: agoLong(seconds), span: span(seconds) });
  return (
    <section className="story" aria-label={title}>
      <header>
        <Icon name="past" />
        <h2>{title}</h2>
        <IconButton icon="close" label={words.story.skip} onClick={onClose} />
      </header>
      {isOpen ? (
        <Steps story={steps} shown={shown} onShow={show} />
      ) : (
        <p className="story-brief">
          {steps
            .slice(0, FEW)
            .map((step) => (step.kind === "trouble" ? `${step.text} ${written(step)}` : step.text))
            .join(" · ")}
          {steps.length > FEW && " …"}
        </p>
      )}
      <footer>
        {!isOpen && (
          <button type="button" className="button primary" onClick={() => setOpen(true)}>
            {words.story.show}
          </button>
        )}
        {shown && <Sides shown={shown} count={steps.length} onShow={show} />}
        <button type="button" className="button quiet" onClick={onClose}>
          {words.story.skip}
        </button>
      </footer>
    </section>
  );
}

type Side = "before" | "after";
type Shown = { readonly index: number; readonly side: Side };

/** Show the place of a step as it was at a moment. */
function visit(step: StoryStep, moment: number, onFly: (id: string) => void): void {
  const [id] = step.entity_ids;
  const isWide = matchMedia("(min-width: 900px)").matches;
  go({ at: textOf(moment), mode: "map", ...(id && isWide ? { select: id } : {}) }, true);
  if (id) onFly(id);
}

/** Return when a step was, and until when where it lasted. */
function useWritten(): (step: StoryStep) => string {
  const { shortWhen, shortTime } = useLanguage();
  return ({ at, until }) =>
    until ? `${shortWhen(Date.parse(at))}–${shortTime(Date.parse(until))}` : shortWhen(Date.parse(at));
}

type StepsProps = {
  readonly story: readonly StoryStep[];
  readonly shown: Shown | null;
  readonly onShow: (index: number, side: Side) => void;
};

function Steps({ story, shown, onShow }: StepsProps) {
  const written = useWritten();
  return (
    <ol className="story-steps">
      {story.map((step, index) => {
        const tone = toneOfStep(step);
        return (
          <li key={`${step.at} ${step.text}`}>
            <button
              type="button"
              aria-current={shown?.index === index ? "step" : undefined}
              onClick={() => onShow(index, "before")}
            >
              <time dateTime={step.at}>{written(step)}</time>
              <span>
                {tone && <Mark tone={tone} />}
                {step.text}
              </span>
            </button>
          </li>
        );
      })}
    </ol>
  );
}

type SidesProps = {
  readonly shown: Shown;
  readonly count: number;
  readonly onShow: (index: number, side: Side) => void;
};

/** The place before and after a step, and on to the next one. */
function Sides({ shown: { index, side }, count, onShow }: SidesProps) {
  const { words } = useLanguage();
  return (
    <>
      <fieldset className="switch">
        <legend className="hidden">{words.story.sides}</legend>
        {(["before", "after"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={side === one} onClick={() => onShow(index, one)}>
            {words.story[one]}
          </button>
        ))}
      </fieldset>
      {index + 1 < count && (
        <button type="button" className="button" onClick={() => onShow(index + 1, "before")}>
          {words.story.next}
        </button>
      )}
    </>
  );
}
