/** @livingmap/react/map: the map as a component. */

export { LivingMap, type LivingMapHandle } from "./embed/LivingMap.tsx";
export type { LivingMapProps } from "./embed/props.ts";
