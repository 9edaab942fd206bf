/** What a page needs for a lab that looks at devices; loaded when a lab has such a panel. */
import "../../views/io/index.ts";
import "../../views/ring-transport.ts";

export { DeviceWatch } from "./device-watch.ts";
export { devicePanel, ringStepper } from "./panels.ts";
