import type { Id, NetworkPicture } from "../picture.ts";

/** Milliseconds a mark of a change lasts. */
export const MARK = 1000;

/** What of each thing on the map is worth a mark when it changes; counters, which always do, are not. */
function statesOf({ machines, fabric, edges }: NetworkPicture): ReadonlyMap<Id, string> {
  const states = new Map<Id, string>();
  for (const { namespaces } of machines)
    for (const { id, label, routes, translates, interfaces } of namespaces ?? []) {
      states.set(id, `${label} ${routes} ${translates}`);
      for (const { id: own, link } of interfaces) {
        const { name, mac, mtu, up, carrier, master, addresses, portState } = link;
        states.set(own, JSON.stringify([name, mac, mtu, up, carrier, master, addresses, portState]));
      }
    }
  for (const { id, report } of fabric) {
    const { kind, latency, jitter, loss, rate, mtu, cut, mirror, held } = report;
    states.set(id, JSON.stringify([kind, latency, jitter, loss, rate, mtu, cut, mirror, held]));
  }
  for (const { id, carrier } of edges) states.set(id, String(carrier));
  return states;
}

/** Ids of what is on the map and was not, or was otherwise; of a machine that is read for the first time, nothing. */
export function changedThings(before: NetworkPicture, after: NetworkPicture): readonly Id[] {
  const then = statesOf(before);
  const unread = new Set(before.machines.filter(({ namespaces }) => !namespaces).map(({ name }) => name));
  const isNew = (id: Id) => [...unread].some((name) => id.includes(`:${name}/`));
  return [...statesOf(after)].filter(([id, state]) => then.get(id) !== state && !isNew(id)).map(([id]) => id);
}
