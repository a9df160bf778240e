import { Fragment } from "react";
import { type Changed, type ChangedField, isUnchanged } from "../domain/changed.ts";
import type { Word } from "../domain/valueWords.ts";
import { go } from "./url.ts";

type Props = {
  readonly changed: Changed;
  /** Whether it stands below a sentence that says what happened. */
  readonly isMuted: boolean;
};

/** What became of a thing, each field on from what it was; what that refers to leads there. */
export function ChangedText({ changed, isMuted }: Props) {
  if (isUnchanged(changed)) return null;
  const { text, fields } = changed;
  return (
    <span className={isMuted ? "changed muted" : "changed"}>
      {text}
      {fields.map((field, at) => (
        <Fragment key={field.name}>
          {at > 0 && " · "}
          {field.label}: <Course field={field} />
        </Fragment>
      ))}
    </span>
  );
}

function Course({ field: { before, after, isList } }: { readonly field: ChangedField }) {
  if (!isList) {
    return (
      <>
        <Words words={before} /> → <Words words={after} />
      </>
    );
  }
  return (
    <>
      {after.length > 0 && <Words words={after} sign="+" />}
      {after.length > 0 && before.length > 0 && ", "}
      {before.length > 0 && <Words words={before} sign="−" />}
    </>
  );
}

function Words({ words, sign = "" }: { readonly words: readonly Word[]; readonly sign?: string }) {
  if (words.length === 0) return "–";
  return words.map((word, at) => (
    <Fragment key={word.text}>
      {at > 0 && ", "}
      {sign}
      <Name word={word} />
    </Fragment>
  ));
}

function Name({ word: { text, id } }: { readonly word: Word }) {
  if (id === null) return text;
  return (
    <button type="button" className="text-button" onClick={() => go({ select: id })}>
      {text}
    </button>
  );
}
