/** What a page needs for a lab that shows its network; loaded when a lab has such a panel. */
import "../../views/network/index.ts";
import "../../views/network-transport.ts";

export { NetworkWatch } from "./network-watch.ts";
export { networkPanel, networkStepper } from "./panels.ts";
