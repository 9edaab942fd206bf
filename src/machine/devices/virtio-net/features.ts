/** Feature bits of a network device (virtio 1.2, 5.1.3 and 6). */
export const F = {
  /** The driver may leave transport checksums partial, resp. takes frames that have them so. */
  csum: 0,
  guestCsum: 1,
  /** The driver may switch its own offloads off and on by a command. */
  ctrlGuestOffloads: 2,
  mtu: 3,
  mac: 5,
  /** Large segments to the driver, and those whose CWR flag belongs to the first piece alone. */
  guestTso4: 7,
  guestTso6: 8,
  guestEcn: 9,
  /** The same from the driver. */
  hostTso4: 11,
  hostTso6: 12,
  hostEcn: 13,
  mrgRxbuf: 15,
  status: 16,
  ctrlVq: 17,
  ctrlRx: 18,
  ctrlRxExtra: 20,
  ctrlMacAddr: 23,
  indirectDesc: 28,
  eventIdx: 29,
  version1: 32,
} as const;

/** Those that leave work to the other side. */
const OFFLOADS = [
  ...[F.csum, F.guestCsum, F.ctrlGuestOffloads, F.guestTso4, F.guestTso6, F.guestEcn],
  ...[F.hostTso4, F.hostTso6, F.hostEcn],
];

/** @param offloads false for a card that carries nothing but whole frames no longer than the link's MTU */
export const offered = (offloads: boolean): number[] => [
  ...(offloads ? OFFLOADS : []),
  ...[F.mtu, F.mac, F.mrgRxbuf, F.status, F.ctrlVq, F.ctrlRx, F.ctrlRxExtra, F.ctrlMacAddr],
  ...[F.indirectDesc, F.eventIdx, F.version1],
];

/** What a driver takes as it comes; anything else is made good before it gets it. */
export interface Takes {
  readonly checksum: boolean;
  readonly tcp4: boolean;
  readonly tcp6: boolean;
  readonly ecn: boolean;
}
