import { realFabric } from "../machine/clock.ts";
import { Network } from "../network/network.ts";

/** The links between hosts in this process: what a page has a worker for. Close it when done. */
export const createNodeNetwork = (): Network => new Network(realFabric);
