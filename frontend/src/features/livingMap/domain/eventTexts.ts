/** Events in words, for programs that show them: the twin of `EventTexts` in `livingmap.client`. */

import type { MapClient } from "../client/api.ts";
import type { MapEvent } from "../client/messages.ts";
import type { Scene } from "../client/scene.ts";
import { findItem } from "./entities.ts";
import { aboutOf, fillSentence, plainSentence, type SentenceTable, subjectOf, textsOf } from "./sentences.ts";

/** What events mean, by the texts of the map's plugins and the names in a scene. */
export class EventTexts {
  readonly #table: SentenceTable;
  readonly #lang: "en" | "uk";

  constructor(table: SentenceTable, lang: "en" | "uk" = "en") {
    this.#table = table;
    this.#lang = lang;
  }

  /** Ask a map for the texts of its plugins; there are none of one that has none or does not answer. */
  static async of(client: MapClient, lang: "en" | "uk" = "en"): Promise<EventTexts> {
    const { sentences } = await client.sentences().catch(() => ({ sentences: [] }));
    return new EventTexts(sentences, lang);
  }

  /** Return what happened, in one line: "Sofia is busy". What no text fits is named by its type. */
  sentence(
    { event_type, payload, changes }: Omit<MapEvent, "kind" | "cursor" | "timestamp">,
    scene: Scene,
  ): string {
    const find = (id: string) => findItem(scene, id)?.item;
    const texts = textsOf(this.#table, event_type);
    const filled = texts && fillSentence(texts, { payload, changes, find, locale: this.#lang });
    return filled ?? plainSentence(event_type, subjectOf({ changes, find }) ?? aboutOf(payload));
  }
}
