/** The control queue of a network device (virtio 1.2, 5.1.6.5): which frames the driver wants, and how. */
import { F, type Takes } from "./features.ts";

/** Classes and their commands. */
const RX = { class: 0, promisc: 0, allmulti: 1, alluni: 2, nomulti: 3, nouni: 4, nobcast: 5 } as const;
const MAC = { class: 1, tableSet: 0, addrSet: 1 } as const;
const GUEST_OFFLOADS = { class: 5, set: 0 } as const;

const MAC_BYTES = 6;
/** Addresses of a table that are told apart; of a longer one all addresses of its kind are taken. */
const MOST_MACS = 64;

/** What the device has to save of it; v86's states hold arrays, and no other objects. */
export type SavedControl = [
  mac: readonly number[],
  flags: readonly boolean[],
  unicast: readonly number[],
  multicast: readonly number[],
  switchedOff: number,
];

/** Which frames the driver wants, by its commands. Until the first of them it gets everything. */
export class ReceiveControl {
  readonly #own: Uint8Array;
  #mac: Uint8Array;
  #promiscuous = true;
  #allMulticast = false;
  #allUnicast = false;
  #noMulticast = false;
  #noUnicast = false;
  #noBroadcast = false;
  /** Addresses as numbers below 2^48. */
  #unicast = new Set<number>();
  #multicast = new Set<number>();
  /** A table was longer than is kept: every address of its kind is taken. */
  #manyUnicast = false;
  #manyMulticast = false;
  /** Bits of `F` that the driver has switched off. */
  #switchedOff = 0;

  /** @param own six bytes, the card's own address */
  constructor(own: Uint8Array) {
    this.#own = own;
    this.#mac = own.slice();
  }

  /** The card's address now. */
  get mac(): Uint8Array {
    return this.#mac;
  }

  reset(): void {
    this.restore([[...this.#own], [true], [], [], 0]);
  }

  /** True when the driver wants a frame, by the address it is for. */
  wants(frame: Uint8Array): boolean {
    if (this.#promiscuous) return true;
    const to = address(frame, 0);
    if (to === BROADCAST) return !this.#noBroadcast;
    if (frame[0]! & 1)
      return !this.#noMulticast && (this.#allMulticast || this.#manyMulticast || this.#multicast.has(to));
    if (this.#noUnicast) return false;
    return this.#allUnicast || this.#manyUnicast || to === address(this.#mac, 0) || this.#unicast.has(to);
  }

  /** What the driver takes of what was negotiated. @param negotiated by feature bit */
  takes(negotiated: (feature: number) => boolean): Takes {
    const on = (feature: number) => negotiated(feature) && (this.#switchedOff & (1 << feature)) === 0;
    return { checksum: on(F.guestCsum), tcp4: on(F.guestTso4), tcp6: on(F.guestTso6), ecn: on(F.guestEcn) };
  }

  /**
   * Carries a command out.
   *
   * @param bytes class, command, and what belongs to it
   * @returns false for one that is not known or not complete; nothing has changed then
   */
  command(bytes: Uint8Array, negotiated: (feature: number) => boolean): boolean {
    const [group, command] = bytes;
    const rest = bytes.subarray(2);
    switch (group) {
      case RX.class:
        return this.#receive(command!, rest);
      case MAC.class:
        return command === MAC.addrSet ? this.#setMac(rest) : command === MAC.tableSet && this.#setTable(rest);
      case GUEST_OFFLOADS.class:
        return command === GUEST_OFFLOADS.set && this.#setOffloads(rest, negotiated);
      default:
        return false;
    }
  }

  save(): SavedControl {
    const flags = [
      ...[this.#promiscuous, this.#allMulticast, this.#allUnicast],
      ...[this.#noMulticast, this.#noUnicast, this.#noBroadcast, this.#manyUnicast, this.#manyMulticast],
    ];
    return [[...this.#mac], flags, [...this.#unicast], [...this.#multicast], this.#switchedOff];
  }

  restore([mac, flags, unicast, multicast, switchedOff]: SavedControl): void {
    this.#mac = Uint8Array.from(mac);
    this.#promiscuous = flags[0] ?? false;
    this.#allMulticast = flags[1] ?? false;
    this.#allUnicast = flags[2] ?? false;
    this.#noMulticast = flags[3] ?? false;
    this.#noUnicast = flags[4] ?? false;
    this.#noBroadcast = flags[5] ?? false;
    this.#manyUnicast = flags[6] ?? false;
    this.#manyMulticast = flags[7] ?? false;
    this.#unicast = new Set(unicast);
    this.#multicast = new Set(multicast);
    this.#switchedOff = switchedOff;
  }

  #receive(command: number, [value]: Uint8Array): boolean {
    if (value === undefined) return false;
    const on = value !== 0;
    switch (command) {
      case RX.promisc:
        this.#promiscuous = on;
        return true;
      case RX.allmulti:
        this.#allMulticast = on;
        return true;
      case RX.alluni:
        this.#allUnicast = on;
        return true;
      case RX.nomulti:
        this.#noMulticast = on;
        return true;
      case RX.nouni:
        this.#noUnicast = on;
        return true;
      case RX.nobcast:
        this.#noBroadcast = on;
        return true;
      default:
        return false;
    }
  }

  #setMac(bytes: Uint8Array): boolean {
    if (bytes.length < MAC_BYTES || bytes[0]! & 1) return false;
    this.#mac = bytes.slice(0, MAC_BYTES);
    return true;
  }

  /** Two tables, of unicast and of multicast addresses: a 32-bit count and the addresses. */
  #setTable(bytes: Uint8Array): boolean {
    const unicast = macTable(bytes, 0);
    const multicast = unicast && macTable(bytes, unicast.end);
    if (!unicast || !multicast) return false;
    this.#unicast = unicast.macs;
    this.#manyUnicast = unicast.count > MOST_MACS;
    this.#multicast = multicast.macs;
    this.#manyMulticast = multicast.count > MOST_MACS;
    return true;
  }

  /** 64 bits, of which those that are set stay on (5.1.6.5.6). All bits there are lie in the first 32. */
  #setOffloads(bytes: Uint8Array, negotiated: (feature: number) => boolean): boolean {
    if (bytes.length < 8) return false;
    const wanted = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const all = [F.guestCsum, F.guestTso4, F.guestTso6, F.guestEcn];
    const known = all.reduce((bits, feature) => bits | (negotiated(feature) ? 1 << feature : 0), 0);
    if (wanted & ~known) return false;
    this.#switchedOff = known & ~wanted;
    return true;
  }
}

/** @returns undefined when the table is not complete */
function macTable(bytes: Uint8Array, at: number): { count: number; macs: Set<number>; end: number } | undefined {
  if (at + 4 > bytes.length) return undefined;
  const count = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  const end = at + 4 + MAC_BYTES * count;
  if (end > bytes.length) return undefined;
  const macs = new Set<number>();
  for (let index = 0; index < Math.min(count, MOST_MACS); index++) macs.add(address(bytes, at + 4 + MAC_BYTES * index));
  return { count, macs, end };
}

const BROADCAST = 2 ** 48 - 1;

/** Six bytes as a number below 2^48. */
const address = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 8) | bytes[at + 1]!) * 2 ** 32 +
  (((bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!) >>> 0);
