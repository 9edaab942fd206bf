/** Every element that looks at the network; loaded when a lab has such a panel. */
import "./map/map.ts";
import "./tables/tables.ts";
import "./view.ts";
import "./way/trail.ts";
