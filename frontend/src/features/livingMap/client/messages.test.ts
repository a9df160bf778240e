import { expect, test } from "vitest";
import { messagesOf } from "./messages.ts";

test("a message is read", () => {
  const text = '{"kind":"heartbeat","cursor":"c","timestamp":"2026-11-23T05:17:52Z"}';
  expect(messagesOf(text)).toEqual([{ kind: "heartbeat", cursor: "c", timestamp: "2026-11-23T05:17:52Z" }]);
});

test("a snapshot may come as data", () => {
  const text = '{"kind":"snapshot","cursor":"c","reason":"connect","timestamp":"t","data":{"layers":{}}}';
  expect(messagesOf(text)).toEqual([
    {
      kind: "snapshot",
      cursor: "c",
      reason: "connect",
      timestamp: "t",
      data: { layers: {} },
      payload: { layers: {} },
    },
  ]);
});

test("several that come at once are read in their order", () => {
  const event = (cursor: string) => `{"kind":"event","cursor":"${cursor}","event_type":"t","changes":[]}`;
  expect(messagesOf(`[${event("1")},{"kind":"weather"},${event("2")}]`)).toMatchObject([
    { kind: "event", cursor: "1" },
    { kind: "unknown" },
    { kind: "event", cursor: "2" },
  ]);
});

test("a kind that only a newer map knows is let pass", () => {
  expect(messagesOf('{"kind":"weather","sun":1}')).toEqual([{ kind: "unknown" }]);
});

test.each([
  ["{"],
  ["null"],
  ["[1]"],
  ['[{"kind":"heartbeat","cursor":"c"},{"kind":"event","cursor":"c"}]'],
  ['{"kind":7}'],
  ['{"kind":"event","cursor":"c"}'],
  ['{"kind":"snapshot"}'],
])("%s is no message", (text) => {
  expect(() => messagesOf(text)).toThrow(SyntaxError);
});
