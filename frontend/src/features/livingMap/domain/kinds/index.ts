// Generated from the files of this folder by `npm run kinds`. Do not edit.

import type { Kind } from "../kind.ts";
import { agent } from "./agent.ts";
import { channel } from "./channel.ts";
import { city } from "./city.ts";
import { dao } from "./dao.ts";
import { microdao } from "./microdao.ts";
import { model } from "./model.ts";
import { node } from "./node.ts";
import { proposal } from "./proposal.ts";
import { space } from "./space.ts";
import { tool } from "./tool.ts";
import { treasury } from "./treasury.ts";
import { vote } from "./vote.ts";

export const DECLARED: readonly Kind[] = [
  agent,
  channel,
  city,
  dao,
  microdao,
  model,
  node,
  proposal,
  space,
  tool,
  treasury,
  vote,
];
