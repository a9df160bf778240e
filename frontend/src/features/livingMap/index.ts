/** @livingmap/react: the state of a whole network of services, live, in React or without it. */

export { type ClientOptions, LivingMapClient } from "./client/client.ts";
export { type GetToken, MapError, type Parameters } from "./client/http.ts";
export type { ConnectionStatus, Transport } from "./client/machine.ts";
export type { Change, Drop, LayerJson, MapEvent, Put, Snapshot, SnapshotMeta, Total } from "./client/messages.ts";
export { reduce, sceneOf, snapshotOf, toList } from "./client/reduce.ts";
export type { Item, Json, Layer, Scene, SourceBrief } from "./client/scene.ts";
export type { Connection, MapData, MapState } from "./client/state.ts";
export { type Found, findItem, labelOf, statusOfItem, typeOf } from "./domain/entities.ts";
export { LivingMapProvider, type LivingMapProviderProps, useLivingMapClient } from "./hooks/LivingMapProvider.tsx";
export { useLivingMap, useLivingMapEntity, useLivingMapLayer } from "./hooks/selectors.ts";
export { type LivingMapFull, useLivingMapFull } from "./hooks/useLivingMapFull.ts";
