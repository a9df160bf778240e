import { expect, test } from "vitest";
import { messageOf } from "./messages.ts";

test("a message is read", () => {
  const text = '{"kind":"heartbeat","cursor":"c","timestamp":"2026-11-23T05:17:52Z"}';
  expect(messageOf(text)).toEqual({ kind: "heartbeat", cursor: "c", timestamp: "2026-11-23T05:17:52Z" });
});

test("a snapshot may come as data", () => {
  const text = '{"kind":"snapshot","cursor":"c","reason":"connect","timestamp":"t","data":{"layers":{}}}';
  expect(messageOf(text)).toEqual({
    kind: "snapshot",
    cursor: "c",
    reason: "connect",
    timestamp: "t",
    data: { layers: {} },
    payload: { layers: {} },
  });
});

test("a kind that only a newer map knows is let pass", () => {
  expect(messageOf('{"kind":"weather","sun":1}')).toEqual({ kind: "unknown" });
});

test.each([["{"], ["null"], ["[1]"], ['{"kind":7}'], ['{"kind":"event","cursor":"c"}'], ['{"kind":"snapshot"}']])(
  "%s is no message",
  (text) => {
    expect(() => messageOf(text)).toThrow(SyntaxError);
  },
);
