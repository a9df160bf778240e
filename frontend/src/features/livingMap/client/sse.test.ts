import { expect, test } from "vitest";
import { eventData } from "./sse.ts";

async function read(text: string, size: number): Promise<string[]> {
  const bytes = new TextEncoder().encode(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.slice(n * size, (n + 1) * size),
  );
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const texts: string[] = [];
  for await (const data of eventData(body)) texts.push(data);
  return texts;
}

test.each([1, 2, 3, 5, 1000])(
  "events are read whatever the pieces they come in, here of %i bytes",
  async (size) => {
    const text =
      'id: a\ndata: {"name":"Калина-1 🌍"}\n\n: a comment\n\ndata:two\ndata: lines\r\n\r\ndata: cut off';
    expect(await read(text, size)).toEqual(['{"name":"Калина-1 🌍"}', "two\nlines"]);
  },
);
