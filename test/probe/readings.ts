import { readFileSync } from "node:fs";
import { type NamespaceReading, parseNamespaces } from "../../src/probe/namespaces.ts";

const text = (name: string) => readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), "utf8");

/** What `nsview --json` printed in a guest: just booted; and with a jail, a wired namespace and a whole container. */
export const FRESH = text("fresh");
export const CONTAINER = text("container");

export const fresh = (): NamespaceReading => parseNamespaces(FRESH);
export const container = (): NamespaceReading => parseNamespaces(CONTAINER);

/** The container's process 1 in that second reading. */
export const CONTAINER_INIT = 57;
