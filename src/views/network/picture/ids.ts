import type { Edge, Id } from "../picture.ts";

/** Ids of what is drawn: made in one place, so that the same thing has the same id in every reading. */

export const machineId = (machine: string): Id => `machine:${machine}`;

/** @param namespace its inode */
export const namespaceId = (machine: string, namespace: number): Id => `ns:${machine}/${namespace}`;

/** @param index of the interface in its namespace */
export const interfaceId = (machine: string, namespace: number, index: number): Id =>
  `if:${machine}/${namespace}/${index}`;

export const linkId = (link: string): Id => `link:${link}`;

/** @param port name of a link's end: `dom0/0`, `gateway:physical/0` */
export const portId = (link: string, port: string): Id => `port:${link}:${port}`;

export const edgeId = (kind: Edge["kind"], from: Id, to: Id): Id => `edge:${kind}:${from}~${to}`;

/** @returns what an interface's id says; undefined of other ids */
export function interfaceOf(id: Id): { machine: string; namespace: number; index: number } | undefined {
  const found = /^if:([^/]+)\/(\d+)\/(\d+)$/.exec(id);
  return found ? { machine: found[1]!, namespace: Number(found[2]), index: Number(found[3]) } : undefined;
}

/** @returns what a port's id says; undefined of other ids */
export function portOf(id: Id): { link: string; port: string } | undefined {
  const found = /^port:([^:]+):(.+)$/.exec(id);
  return found ? { link: found[1]!, port: found[2]! } : undefined;
}

/** The namespace an interface is in. */
export function namespaceOfInterface(id: Id): Id | undefined {
  const found = interfaceOf(id);
  return found && namespaceId(found.machine, found.namespace);
}
