/**
 * The filtering database of a switch (IEEE 802.1D-2004, 7.8 and 7.9): where addresses were last heard, each VLAN by itself
 * (independent VLAN learning, 802.1Q, 8.8.9).
 *
 * When it is full, the end with the most addresses gives up the one unheard of for longest. Whoever floods it with
 * addresses has the most, so it pushes out its own only: an end keeps its fair share of the table whatever others send.
 */

/** Milliseconds an address is remembered (802.1D, table 7-5: the recommended 300 s). */
export const AGEING = 300_000;
/** Addresses remembered at once. */
export const MOST_ADDRESSES = 1024;

export interface Learned<Port> {
  /** Six bytes as a number. */
  readonly mac: number;
  readonly vlan: number;
  readonly port: Port;
  /** Milliseconds of the clock when it was last heard. */
  readonly at: number;
}

/** An address in its port's list, from the one unheard of for longest to the one heard last. */
interface Entry<Port> extends Learned<Port> {
  at: number;
  list: PortList<Port>;
  older: Entry<Port> | undefined;
  newer: Entry<Port> | undefined;
}

class PortList<Port> {
  readonly port: Port;
  oldest: Entry<Port> | undefined;
  newest: Entry<Port> | undefined;
  size = 0;

  constructor(port: Port) {
    this.port = port;
  }

  append(entry: Entry<Port>): void {
    entry.older = this.newest;
    entry.newer = undefined;
    if (this.newest) this.newest.newer = entry;
    else this.oldest = entry;
    this.newest = entry;
    this.size++;
  }

  remove(entry: Entry<Port>): void {
    if (entry.older) entry.older.newer = entry.newer;
    else this.oldest = entry.newer;
    if (entry.newer) entry.newer.older = entry.older;
    else this.newest = entry.older;
    this.size--;
  }
}

export class FilteringDatabase<Port> {
  /** By VLAN, then by address. */
  readonly #vlans = new Map<number, Map<number, Entry<Port>>>();
  readonly #lists = new Map<Port, PortList<Port>>();
  #size = 0;
  #evicted = 0;

  /** Addresses that made room for others before their time. */
  get evicted(): number {
    return this.#evicted;
  }

  learn(mac: number, vlan: number, port: Port, now: number): void {
    const known = this.#vlans.get(vlan)?.get(mac);
    if (known && known.list.port === port) {
      known.at = now;
      if (known.list.newest === known) return;
      known.list.remove(known);
      known.list.append(known);
      return;
    }
    if (known) this.#delete(known);
    const list = this.#listOf(port);
    if (this.#size >= MOST_ADDRESSES) this.#makeRoom(list, now);
    this.#insert(mac, vlan, list, now);
  }

  find(mac: number, vlan: number, now: number): Learned<Port> | undefined {
    const entry = this.#vlans.get(vlan)?.get(mac);
    if (!entry || now - entry.at < AGEING) return entry;
    this.#delete(entry);
    return undefined;
  }

  /** All that is remembered, by port, what was heard last at the end. */
  entries(now: number): readonly Learned<Port>[] {
    const entries: Learned<Port>[] = [];
    for (const list of this.#lists.values()) {
      while (list.oldest && now - list.oldest.at >= AGEING) this.#delete(list.oldest);
      for (let entry = list.oldest; entry; entry = entry.newer) entries.push(entry);
    }
    return entries;
  }

  /** The port is gone, or its carrier is. */
  forgetPort(port: Port): void {
    const list = this.#lists.get(port);
    while (list?.oldest) this.#delete(list.oldest);
    this.#lists.delete(port);
  }

  forget(): void {
    this.#vlans.clear();
    this.#lists.clear();
    this.#size = 0;
  }

  resetCounters(): void {
    this.#evicted = 0;
  }

  #listOf(port: Port): PortList<Port> {
    const list = this.#lists.get(port) ?? new PortList(port);
    this.#lists.set(port, list);
    return list;
  }

  /** Drops an address that is too old anyway, else one of the longest list: the learner's own where that is as long. */
  #makeRoom(learner: PortList<Port>, now: number): void {
    let longest = learner;
    for (const list of this.#lists.values()) {
      if (list.oldest && now - list.oldest.at >= AGEING) {
        this.#delete(list.oldest);
        return;
      }
      if (list.size > longest.size) longest = list;
    }
    this.#delete(longest.oldest!);
    this.#evicted++;
  }

  #insert(mac: number, vlan: number, list: PortList<Port>, at: number): void {
    const entry: Entry<Port> = { mac, vlan, port: list.port, at, list, older: undefined, newer: undefined };
    const addresses = this.#vlans.get(vlan) ?? new Map<number, Entry<Port>>();
    this.#vlans.set(vlan, addresses);
    addresses.set(mac, entry);
    list.append(entry);
    this.#size++;
  }

  #delete(entry: Entry<Port>): void {
    const addresses = this.#vlans.get(entry.vlan)!;
    addresses.delete(entry.mac);
    if (addresses.size === 0) this.#vlans.delete(entry.vlan);
    entry.list.remove(entry);
    this.#size--;
  }
}
