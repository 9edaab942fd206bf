import type { EventPort, Handshake, StoreNode, XenDomains, XenStoreTree } from "../../../src/probe/io/types.ts";

/** Domains and a store as the probes would read them: Dom0, a guest with a disk and a network card, and the host. */

const HOST = 32_751;
const VBD = 51_712;

const port = (number: number, more: Partial<EventPort> = {}): EventPort => ({
  port: number,
  state: "interdomain",
  pending: false,
  masked: false,
  sends: 0,
  ...more,
});

const remote = (domain: number, number?: number) => ({ domain, ...(number === undefined ? {} : { port: number }) });

/** @param later how many more requests there have been */
export function xenDomains(later = 0): XenDomains {
  return {
    domains: [
      {
        id: 1,
        name: "domU",
        kind: "guest",
        running: true,
        memory: { now: 65_536, target: 65_536, most: 131_072 },
        upcalls: 4188 + later,
        grantEntries: { granted: 291, mapped: 44, size: 512 },
        ports: [
          port(1, { remote: remote(HOST, 4), sends: 96, use: "xenstore" }),
          port(2, { remote: remote(HOST, 5), sends: 311, use: "console" }),
          port(3, { state: "virq", virq: 0 }),
          port(4, { state: "ipi", masked: true }),
          port(5, { remote: remote(0, 21), sends: 1912 + later, use: "vbd xvda" }),
          port(6, { remote: remote(0, 22), sends: 804, use: "vif 0 tx", pending: true }),
          port(7, { remote: remote(0, 23), sends: 12, use: "vif 0 rx", masked: true }),
        ],
      },
      {
        id: HOST,
        name: "host",
        kind: "host",
        running: true,
        memory: { now: 0, target: 0, most: 0 },
        upcalls: 0,
        grantEntries: { granted: 0, mapped: 4, size: 0 },
        ports: [2, 3, 4, 5].map((number) => port(number)),
      },
      {
        id: 0,
        name: "dom0",
        kind: "guest",
        running: true,
        memory: { now: 98_304, target: 131_072, most: 131_072 },
        upcalls: 6021,
        grantEntries: { granted: 2, mapped: 0, size: 512 },
        ports: [
          port(1, { remote: remote(HOST, 2), sends: 410, use: "xenstore" }),
          port(2, { remote: remote(HOST, 3), sends: 122, use: "console" }),
          port(3, { state: "virq", virq: 0 }),
          port(9, { state: "unbound", remote: remote(1) }),
          port(21, { remote: remote(1, 5), sends: 2044, use: "vbd xvda" }),
          port(22, { remote: remote(1, 6), sends: 790, use: "vif 0 tx" }),
          port(23, { remote: remote(1, 7), sends: 655, use: "vif 0 rx" }),
        ],
      },
    ],
    channels: [
      {
        ends: [
          { domain: 0, port: 1 },
          { domain: HOST, port: 2 },
        ],
        sends: [410, 402],
        use: "xenstore",
      },
      {
        ends: [
          { domain: 0, port: 2 },
          { domain: HOST, port: 3 },
        ],
        sends: [122, 118],
        use: "console",
      },
      {
        ends: [
          { domain: 1, port: 1 },
          { domain: HOST, port: 4 },
        ],
        sends: [96, 96],
        use: "xenstore",
      },
      {
        ends: [
          { domain: 1, port: 2 },
          { domain: HOST, port: 5 },
        ],
        sends: [311, 300],
        use: "console",
      },
      {
        ends: [
          { domain: 0, port: 21 },
          { domain: 1, port: 5 },
        ],
        sends: [2044, 1912 + later],
        use: "vbd xvda",
      },
      {
        ends: [
          { domain: 0, port: 22 },
          { domain: 1, port: 6 },
        ],
        sends: [790, 804],
        use: "vif 0 tx",
      },
      {
        ends: [
          { domain: 0, port: 23 },
          { domain: 1, port: 7 },
        ],
        sends: [655, 12],
        use: "vif 0 rx",
      },
    ],
    grants: [
      {
        from: 1,
        to: 0,
        granted: 289,
        mapped: 44,
        copies: 18_209 + later,
        entries: Array.from({ length: 16 }, (_, at) => ({
          reference: 24 + at,
          frame: `pa:0x${(0x2c41000 + 0x1000 * at).toString(16).padStart(8, "0")}`,
          readOnly: at % 3 === 0,
          mapped: at % 2,
        })),
      },
      { from: 1, to: HOST, granted: 2, mapped: 2, copies: 0, entries: [] },
      { from: 0, to: HOST, granted: 2, mapped: 2, copies: 0, entries: [] },
    ],
    hypercalls: [
      { domain: 1, name: "event_channel_op.send", count: 3135 },
      { domain: 1, name: "sched_op.block", count: 902 },
      { domain: 0, name: "grant_table_op.copy", count: 1820 },
      { domain: 0, name: "event_channel_op.send", count: 4021 },
    ],
  };
}

const FRONT = `/local/domain/1/device/vbd/${VBD}`;
const BACK = `/local/domain/0/backend/vbd/1/${VBD}`;

const PATHS: readonly (readonly [string, string, string])[] = [
  ["/tool/xenstored", "", "n0"],
  ["/vm/1/name", "domU", "n0"],
  ["/local/domain/0/name", "dom0", "n0"],
  ["/local/domain/0/domid", "0", "n0"],
  ["/local/domain/1/name", "domU", "n0,r1"],
  ["/local/domain/1/domid", "1", "n0,r1"],
  ["/local/domain/1/memory/target", "65536", "n0,r1"],
  ["/local/domain/1/control/shutdown", "", "n1"],
  [`${FRONT}/backend`, BACK, "n1,r0"],
  [`${FRONT}/backend-id`, "0", "n1,r0"],
  [`${FRONT}/virtual-device`, String(VBD), "n1,r0"],
  [`${FRONT}/ring-ref`, "8", "n1,r0"],
  [`${FRONT}/event-channel`, "5", "n1,r0"],
  [`${FRONT}/protocol`, "x86_32-abi", "n1,r0"],
  [`${FRONT}/feature-persistent`, "1", "n1,r0"],
  [`${FRONT}/state`, "4", "n1,r0"],
  [`${BACK}/frontend`, FRONT, "n0,r1"],
  [`${BACK}/frontend-id`, "1", "n0,r1"],
  [`${BACK}/params`, "/dev/vda", "n0,r1"],
  [`${BACK}/mode`, "w", "n0,r1"],
  [`${BACK}/sectors`, "131072", "n0,r1"],
  [`${BACK}/sector-size`, "512", "n0,r1"],
  [`${BACK}/feature-flush-cache`, "1", "n0,r1"],
  [`${BACK}/feature-max-indirect-segments`, "256", "n0,r1"],
  [`${BACK}/state`, "4", "n0,r1"],
];

const change = (at: number, device: string, side: "front" | "back", state: number): Handshake => ({
  at,
  device,
  side,
  state,
});

const HANDSHAKE: readonly Handshake[] = [
  change(311.2, `vbd/${VBD}`, "front", 1),
  change(311.4, `vbd/${VBD}`, "back", 1),
  change(312.9, `vbd/${VBD}`, "back", 2),
  change(318.0, `vbd/${VBD}`, "front", 3),
  change(318.8, `vbd/${VBD}`, "back", 4),
  change(319.7, `vbd/${VBD}`, "front", 4),
  change(340.1, "vif/0", "front", 1),
  change(340.3, "vif/0", "back", 2),
  change(345.0, "vif/0", "front", 4),
  change(345.9, "vif/0", "back", 4),
  change(9002.5, "vif/0", "front", 5),
  change(9003.1, "vif/0", "back", 5),
];

/**
 * A store with a disk's two directories in it.
 *
 * @param more nodes beside them
 * @param last the newest changes of the handshake left out
 */
export function xenStore(more = 0, last = 0): XenStoreTree {
  const nodes = PATHS.map(
    ([path, value, permissions], at): StoreNode => ({ path, value, permissions, generation: 100 + at - last }),
  );
  const others = Array.from(
    { length: more },
    (_, at): StoreNode => ({
      path: `/local/domain/1/data/set-${Math.floor(at / 20)}/key-${at % 20}`,
      value: `value ${at}`,
      permissions: "n1",
      generation: 1 + at,
    }),
  );
  return {
    nodes: [...nodes, ...others],
    watches: [
      { domain: 1, path: `${BACK}/state`, token: "c6a1f3c0", fired: 3 },
      { domain: 0, path: `${FRONT}/state`, token: "c1e02a80", fired: 4 },
      { domain: 0, path: "/local/domain/0/backend", token: "be:watch", fired: 31 },
    ],
    handshake: HANDSHAKE.slice(0, HANDSHAKE.length - last),
    transactions: { open: 0, committed: 42, refused: 3 },
  };
}
