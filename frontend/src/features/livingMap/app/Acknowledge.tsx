import { type FormEvent, useState } from "react";
import { MapClient } from "../client/api.ts";
import { mapNow } from "../client/clock.ts";
import type { MapError } from "../client/http.ts";
import type { Report } from "../domain/troubles.ts";
import { useLivingMapClient } from "../hooks/LivingMapProvider.tsx";
import { useLanguage } from "../i18n/i18n.tsx";

const HOUR = 3600;
const CHOICES = [HOUR, 8 * HOUR, 24 * HOUR, 7 * 24 * HOUR] as const;
const USUAL = CHOICES[1];

/** A form by which somebody says to have seen a problem: it is quiet for a while then, and the others see by whom. */
export function Acknowledge({ reports }: { readonly reports: readonly Report[] }) {
  const client = useLivingMapClient();
  const { words, duration, locale } = useLanguage();
  const [seconds, setSeconds] = useState<number>(USUAL);
  const [note, setNote] = useState("");
  const [error, setError] = useState<MapError | null>(null);
  const [isSending, setSending] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setSending(true);
    setError(null);
    const until = new Date(mapNow() + seconds * 1000);
    const map = new MapClient(client.options);
    try {
      for (const { id } of reports) await map.acknowledge(id, { until, note }, { lang: locale });
    } catch (refused) {
      setError(refused as MapError);
    }
    setSending(false);
  };
  return (
    <form className="acknowledge" onSubmit={send}>
      <label className="choice">
        <span>{words.problems.quietFor}</span>
        <select value={seconds} onChange={(event) => setSeconds(Number(event.target.value))}>
          {CHOICES.map((one) => (
            <option key={one} value={one}>
              {duration(one)}
            </option>
          ))}
        </select>
      </label>
      <label className="choice wide">
        <span>{words.problems.note}</span>
        <input value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} />
      </label>
      <button type="submit" className="button" disabled={isSending}>
        {words.problems.acknowledge}
      </button>
      {error && (
        <p className="source-error" role="alert">
          {error.status === 401 || error.status === 403 ? words.problems.refused : words.problems.notTaken}
          {error.status !== 401 && ` ${error.message}`}
        </p>
      )}
    </form>
  );
}
