/** Every element that looks at rings, domains and what devices cost; loaded when a lab has such a panel. */
import "./costs/view.ts";
import "./domains/view.ts";
import "./ring/view.ts";
import "./trace.ts";
