import type { EventPort, XenDomain, XenDomains } from "../../../probe/io/types.ts";

/**
 * Domains as upright rails and what joins two of them as rungs: an event channel from port to port, a grant from who
 * grants to who maps.
 */

/** One end of a channel, on the rail of its column. */
export interface End {
  readonly column: number;
  readonly domain: XenDomain;
  readonly port: number;
  readonly sends: number;
  readonly pending: boolean;
  readonly masked: boolean;
}

export interface ChannelRung {
  readonly key: string;
  readonly left: End;
  readonly right: End;
  readonly use: string | undefined;
}

export interface GrantRung {
  readonly key: string;
  /** Columns of who grants and of who may map. */
  readonly from: number;
  readonly to: number;
  readonly granted: number;
  readonly mapped: number;
  readonly copies: number;
}

export interface Ladder {
  /** Guests by their ids, then what is no guest. */
  readonly columns: readonly XenDomain[];
  readonly channels: readonly ChannelRung[];
  readonly grants: readonly GrantRung[];
  /** By column: ports that no rung shows. */
  readonly own: readonly (readonly EventPort[])[];
}

export const channelKey = (one: { readonly domain: number; readonly port: number }) => `${one.domain}.${one.port}`;

/** Sets up the ladder. Channels and grants of domains that are not there are left out. */
export function ladderOf({ domains, channels, grants }: XenDomains): Ladder {
  const columns = [...domains].sort(
    (one, other) => Number(one.kind === "host") - Number(other.kind === "host") || one.id - other.id,
  );
  const column = (id: number) => columns.findIndex((domain) => domain.id === id);
  const shown = new Set<string>();
  const rungs = channels.flatMap(({ ends, sends, use }): readonly ChannelRung[] => {
    const [one, other] = ends.map((end, at) => endOf(columns, column(end.domain), end.port, sends[at]!));
    if (!one || !other || one.column === other.column) return [];
    for (const end of ends) shown.add(channelKey(end));
    const [left, right] = one.column < other.column ? [one, other] : [other, one];
    return [{ key: `channel ${channelKey(ends[0])}`, left, right, use }];
  });
  return {
    columns,
    channels: rungs.sort(
      (one, other) =>
        one.left.column - other.left.column || one.right.column - other.right.column || one.left.port - other.left.port,
    ),
    grants: grants.flatMap(({ from, to, granted, mapped, copies }): readonly GrantRung[] => {
      const [owner, user] = [column(from), column(to)];
      if (owner < 0 || user < 0 || owner === user) return [];
      return [{ key: `grant ${from} ${to}`, from: owner, to: user, granted, mapped, copies }];
    }),
    own: columns.map(({ id, ports }) => ports.filter(({ port }) => !shown.has(channelKey({ domain: id, port })))),
  };
}

function endOf(columns: readonly XenDomain[], column: number, number: number, sends: number): End | undefined {
  const domain = columns[column];
  if (!domain) return undefined;
  const port = domain.ports.find((other) => other.port === number);
  return { column, domain, port: number, sends, pending: port?.pending ?? false, masked: port?.masked ?? false };
}

/** Keys of the rungs whose counts are others than before; none without a last reading. */
export function changedRungs(before: XenDomains | undefined, after: Ladder): ReadonlySet<string> {
  if (!before) return new Set();
  const then = ladderOf(before);
  const channel = ({ left, right }: ChannelRung) => `${left.sends} ${right.sends} ${left.pending} ${right.pending}`;
  const grant = ({ granted, mapped, copies }: GrantRung) => `${granted} ${mapped} ${copies}`;
  const states = new Map([
    ...then.channels.map((rung) => [rung.key, channel(rung)] as const),
    ...then.grants.map((rung) => [rung.key, grant(rung)] as const),
  ]);
  return new Set([
    ...after.channels.filter((rung) => states.get(rung.key) !== channel(rung)).map(({ key }) => key),
    ...after.grants.filter((rung) => states.get(rung.key) !== grant(rung)).map(({ key }) => key),
  ]);
}

/** Megabytes (2²⁰) of a number of KiB, with a digit where it is small. */
export function megabytes(kib: number): string {
  const value = kib / 1024;
  return value < 10 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value));
}
