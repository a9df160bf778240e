/** The stream as server-sent events over fetch: unlike EventSource it can send an Authorization header. */

import type { MapHttp } from "./http.ts";
import type { StreamQuery } from "./wire.ts";

/** Report each message until the stream ends. It imports nothing: what is loaded later then needs no piece of its own. */
export async function overEvents(
  http: MapHttp,
  query: StreamQuery,
  message: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const answer = await http.ask("living-map/events", query, signal, { Accept: "text/event-stream" });
  if (!answer.body) throw new Error("living-map/events: an answer without a body");
  for await (const data of eventData(answer.body)) message(data);
}

/** Yield the `data` of each event (WHATWG HTML, 9.2.6). Ends with the stream. */
export async function* eventData(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = "";
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
        else if (line === "" && data.length > 0) {
          yield data.join("\n");
          data = [];
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
