/** @livingmap/react: the state of a whole network of services, live, in React or without it. */

export {
  type Asking,
  type Difference,
  type EntityDetails,
  type EntityLine,
  type HistoryItem,
  MapClient,
  type QueryOf,
  type SentenceTable,
  type Series,
  type Timeline,
  type Totals,
  type TypeTable,
} from "./client/api.ts";
export { type At, type ClientOptions, LivingMapClient } from "./client/client.ts";
export { type GetToken, MapError, type Parameters } from "./client/http.ts";
export type * from "./client/layers.ts";
export type { ConnectionStatus, Transport } from "./client/machine.ts";
export type { Change, Drop, LayerJson, MapEvent, Put, Snapshot, SnapshotMeta, Total } from "./client/messages.ts";
export type { Problem } from "./client/problems.ts";
export { reduce, sceneOf, snapshotOf, toList } from "./client/reduce.ts";
export type { Item, Json, Layer, Scene, SourceBrief, Thing } from "./client/scene.ts";
export type { Connection, MapData, MapState, ShownTime } from "./client/state.ts";
export { ChangeTexts } from "./domain/changeTexts.ts";
export { type Found, findItem, labelOf, statusOfItem, typeOf } from "./domain/entities.ts";
export { EventTexts } from "./domain/eventTexts.ts";
export {
  type LivingMapOptions,
  LivingMapProvider,
  type LivingMapProviderProps,
  useLivingMapClient,
} from "./hooks/LivingMapProvider.tsx";
export {
  type LayerOf,
  type ThingOf,
  useLivingMap,
  useLivingMapEntity,
  useLivingMapLayer,
} from "./hooks/selectors.ts";
export { type LivingMapConnection, useLivingMapConnection } from "./hooks/useLivingMapConnection.ts";
export { type LivingMapFull, useLivingMapFull } from "./hooks/useLivingMapFull.ts";
export { type LivingMapProblems, useLivingMapProblems } from "./hooks/useLivingMapProblems.ts";
export { type LivingMapTime, type MomentRange, useLivingMapTime } from "./hooks/useLivingMapTime.ts";
