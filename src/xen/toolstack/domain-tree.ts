/** A domain's own part of xenstore, as libxl writes it when it builds an HVM domain (tools/libs/light/libxl_create.c). */
import type { Store } from "../store/index.ts";
import { home, vmPath } from "./paths.ts";

/** What the tree says of a domain. */
export interface DomainFacts {
  readonly id: number;
  readonly name: string;
  readonly uuid: string;
  /** KiB. */
  readonly memory: number;
  readonly store: { readonly frame: number; readonly port: number };
  readonly console: { readonly frame: number; readonly port: number };
}

/** Directories a guest writes in; all others it may only read. */
const OWN = ["data", "device", "drivers", "attr", "error", "feature", "control/feature", "hvmloader", "suspend"];
/** Keys below `control` that a guest writes, so that the toolstack knows what it understands. */
const CONTROLS = ["feature-poweroff", "feature-reboot", "feature-suspend", "feature-s3", "feature-s4", "sysrq"];

export function writeDomainTree(store: Store, facts: DomainFacts): void {
  const { id, name, uuid, memory } = facts;
  const path = home(id);
  const readable = `n0,r${id}`;
  const own = id === 0 ? "n0" : `n${id}`;
  store.remove(path);
  store.mkdir(path);
  store.setPermissions(path, readable);
  const write = (key: string, value: string | number, permissions = readable) => {
    store.write(`${path}/${key}`, String(value));
    store.setPermissions(`${path}/${key}`, permissions);
  };
  write("name", name);
  write("domid", id);
  write("vm", vmPath(uuid));
  write("cpu/0/availability", "online");
  write("memory/static-max", memory);
  write("memory/target", memory);
  write("memory/videoram", 0);
  write("store/ring-ref", facts.store.frame);
  write("store/port", facts.store.port);
  write("console/type", "xenconsoled");
  write("console/output", "pty");
  write("console/limit", 1 << 20);
  write("console/ring-ref", facts.console.frame);
  write("console/port", facts.console.port);
  write("control/platform-feature-multiprocessor-suspend", 1);
  write("control/platform-feature-xs_reset_watches", 1);
  write("control/shutdown", "", own);
  for (const key of CONTROLS) write(`control/${key}`, "", own);
  for (const key of OWN) write(key, "", own);
  store.write(`${vmPath(uuid)}/name`, name);
  store.write(`${vmPath(uuid)}/uuid`, uuid);
  store.write(`${vmPath(uuid)}/start_time`, "0");
}

/** The tree goes; what others have of the domain (its backends' directories) is theirs. */
export function removeDomainTree(store: Store, id: number, uuid: string): void {
  store.remove(home(id));
  store.remove(vmPath(uuid));
}
