export type { Cancel, Clock } from "./agenda.ts";
export { Fabric, type FabricOptions } from "./fabric.ts";
