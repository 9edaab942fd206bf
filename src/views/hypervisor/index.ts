/** Every element that looks into a machine with a hypervisor; loaded when a lab has such a panel. */
import "./costs.ts";
import "./exit-strip.ts";
import "./memory-ownership.ts";
import "./nested-walk.ts";
import "./page-table-map.ts";
import "./translation.ts";
import "./transport.ts";
import "./trap-anatomy.ts";
