import type { EventChannel, EventPort, Grant, XenDomain, XenDomains } from "../../probe/io/types.ts";
import { PAGE_SIZE } from "../abi/domains.ts";
import { GTF } from "../abi/grant-table.ts";
import type { Port, Ports } from "../hypervisor/channels.ts";
import type { Guest } from "../hypervisor/guest.ts";
import type { XenPlatform } from "../platform.ts";
import type { ManagedGuest } from "../toolstack/managed-guest.ts";
import { usesOf } from "./uses.ts";

/** References named for each pair of domains. */
const MOST_ENTRIES = 64;

/** `xen.domains`. */
export function xenDomains({ xen, store, toolstack }: XenPlatform): XenDomains {
  const uses = usesOf(xen, store);
  const guests = toolstack.guests;
  return {
    domains: [hostDomain(xen.host.id, xen.host.ports, uses), ...guests.map((managed) => guestDomain(managed, uses))],
    channels: channels([xen.host.ports, ...guests.map(({ guest }) => guest.ports)], uses),
    grants: guests.flatMap(({ guest }) => grantsOf(guest)),
    hypercalls: [...xen.hypercalls].flatMap(([domain, counts]) =>
      [...counts].map(([name, count]) => ({ domain, name, count })),
    ),
  };
}

type Uses = (domain: number, port: number) => string | undefined;

function hostDomain(id: number, ports: Ports, uses: Uses): XenDomain {
  const open = [...ports.open].map(([port, end]) => portState(id, port, end, uses, { pending: false, masked: false }));
  const memory = { now: 0, target: 0, most: 0 };
  const grantEntries = { granted: 0, mapped: 0, size: 0 };
  return { id, name: "host", kind: "host", running: true, memory, ports: open, upcalls: 0, grantEntries };
}

function guestDomain(managed: ManagedGuest, uses: Uses): XenDomain {
  const { guest } = managed;
  const ports = [...guest.ports.open].map(([port, end]) => {
    const bits = { pending: guest.words.isPending(port), masked: guest.words.isMasked(port) };
    return portState(guest.id, port, end, uses, bits);
  });
  const active = [...guest.grants.active.values()];
  return {
    id: guest.id,
    name: guest.name,
    kind: "guest",
    // one that waits in HLT is blocked, which a guest with nothing to do always is; one that ended is not here
    running: true,
    memory: {
      now: (guest.frames.own * PAGE_SIZE) >> 10,
      target: managed.memoryTarget,
      most: guest.access.memoryBytes >> 10,
    },
    ports,
    upcalls: guest.words.upcalls,
    grantEntries: { granted: granted(guest).length, mapped: active.length, size: guest.grants.entries },
  };
}

function portState(
  domain: number,
  port: number,
  { binding, sends }: Readonly<Port>,
  uses: Uses,
  bits: { readonly pending: boolean; readonly masked: boolean },
): EventPort {
  const use = uses(domain, port);
  const common = { port, state: binding.state, sends, ...bits, ...(use !== undefined && { use }) };
  switch (binding.state) {
    case "virq":
      return { ...common, virq: binding.virq };
    case "unbound":
      return { ...common, remote: { domain: binding.domain } };
    case "interdomain":
      return { ...common, remote: { domain: binding.ports.owner.id, port: binding.port } };
    case "ipi":
      return common;
  }
}

/** Each interdomain channel once: from the end with the smaller domain id, or port. */
function channels(all: readonly Ports[], uses: Uses): EventChannel[] {
  return all.flatMap((ports) =>
    [...ports.open].flatMap(([port, { binding, sends }]): EventChannel[] => {
      if (binding.state !== "interdomain") return [];
      const here = { domain: ports.owner.id, port };
      const there = { domain: binding.ports.owner.id, port: binding.port };
      if (here.domain > there.domain || (here.domain === there.domain && here.port > there.port)) return [];
      const use = uses(here.domain, here.port) ?? uses(there.domain, there.port);
      const back = binding.ports.open.get(binding.port)?.sends ?? 0;
      return [{ ends: [here, there], sends: [sends, back], ...(use !== undefined && { use }) }];
    }),
  );
}

interface Granted {
  readonly reference: number;
  readonly flags: number;
  readonly domain: number;
  readonly frame: number;
}

/** Entries that grant something. */
function granted({ grants }: Guest): Granted[] {
  const entries: Granted[] = [];
  for (let reference = 0; reference < grants.entries; reference++) {
    const entry = grants.entry(reference)!;
    if ((entry.flags & GTF.type_mask) === GTF.permit_access) entries.push({ reference, ...entry });
  }
  return entries;
}

function grantsOf(guest: Guest): Grant[] {
  const { grants } = guest;
  const all = granted(guest);
  const to = new Set([...all.map(({ domain }) => domain), ...grants.copies.keys()]);
  return [...to].map((domain) => {
    const theirs = all.filter((entry) => entry.domain === domain);
    const mapped = [...grants.active.values()].filter((active) => active.domain === domain).length;
    return {
      from: guest.id,
      to: domain,
      granted: theirs.length,
      mapped,
      copies: grants.copies.get(domain) ?? 0,
      entries: theirs.slice(-MOST_ENTRIES).map(({ reference, flags, frame }) => {
        const active = grants.active.get(reference);
        return {
          reference,
          frame: `pa:0x${(frame * PAGE_SIZE).toString(16)}`,
          readOnly: (flags & GTF.readonly) !== 0,
          mapped: active ? active.readers + active.writers : 0,
        };
      }),
    };
  });
}
