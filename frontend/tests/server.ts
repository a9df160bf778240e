/** The real map for tests: a process of its own with a mock world, on a free port, with its history in memory. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const ROOT = join(import.meta.dirname, "../..");

const CONFIG = `
history: {url: "memory:"}
mock: {seed: 7, microdaos: 3, agents: 30, nodes: 6, daos: 2, events_per_second: EVENTS}
sources:
  agents: {mock: true}
  microdao: {mock: true}
  dao: {mock: true}
  space: {mock: true}
  usage: {mock: true}
  messaging: {mock: true}
  city: {mock: true}
`;

export type RealMap = { readonly url: string; readonly port: number; stop(): Promise<void> };

/** Start a map; `port` 0 takes a free one. Its sources may still be answering. */
export async function startMap(eventsPerSecond: number, port = 0): Promise<RealMap> {
  const folder = mkdtempSync(join(tmpdir(), "map-"));
  const file = join(folder, "map.yaml");
  const server = `server: {host: 127.0.0.1, port: ${port}}`;
  writeFileSync(file, server + CONFIG.replace("EVENTS", String(eventsPerSecond)));
  const program = join(ROOT, ".venv/bin/livingmap");
  const process = spawn(program, ["serve", "--config", file], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const url = await announced(process);
  const stop = async (): Promise<void> => {
    process.kill("SIGTERM");
    if (process.exitCode === null) await once(process, "exit");
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, port: Number(new URL(url).port), stop };
}

function announced(process: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    process.once("exit", () => reject(new Error("the map ended before it was served")));
    if (!process.stderr) throw new Error("the map says nothing");
    createInterface(process.stderr).on("line", (line) => {
      const said = /"url": "(http:[^"]+)"/.exec(line);
      if (said?.[1]) resolve(said[1]);
    });
  });
}

/** Resolve once `holds` is true, looked at whenever `subscribe` tells of a change. */
export function until(subscribe: (listener: () => void) => () => void, holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!holds()) return;
      leave();
      resolve();
    };
    const leave = subscribe(look);
    look();
  });
}
