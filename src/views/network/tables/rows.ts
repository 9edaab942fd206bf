import type { FdbEntry, LinkReport, NatEntry } from "../../../network/reports.ts";
import type {
  BridgeFdbEntry,
  ConntrackTuple,
  FilterRule,
  Neighbour,
  NetRoute,
  PortVlans,
} from "../../../probe/network/types.ts";
import { grouped } from "../../quantities.ts";
import { vlanText } from "../map/labels.ts";
import type { DecidedBy, FabricBox, Id, NamespaceBox, NetworkPicture } from "../picture.ts";
import { namespaceName } from "../things.ts";
import type { NetworkWords } from "../words/words.ts";
import { dropText } from "./drops.ts";

/** A table as it is drawn. */
export interface NetworkTable {
  /** What a decision names it by; undefined where nothing in it decides. */
  readonly decides: DecidedBy["table"] | undefined;
  readonly caption: string;
  readonly columns: readonly string[];
  /** Columns of numbers, from 0. */
  readonly numbers: readonly number[];
  readonly rows: readonly TableRow[];
}

export interface TableRow {
  /** Its index in the table it was read from. */
  readonly index: number;
  readonly cells: readonly string[];
}

/** A namespace or a link: where tables are. */
export interface Place {
  readonly id: Id;
  readonly name: string;
}

export function placesOf({ machines, fabric }: NetworkPicture): readonly Place[] {
  return [
    ...machines.flatMap((machine) =>
      (machine.namespaces ?? []).map((namespace) => ({ id: namespace.id, name: namespaceName(machine, namespace) })),
    ),
    ...fabric.map(({ id, report }) => ({ id, name: report.link })),
  ];
}

/** The tables of a namespace or a link that have something in them. */
export function tablesAt(picture: NetworkPicture, place: Id, words: NetworkWords): readonly NetworkTable[] {
  const namespace = picture.machines.flatMap(({ namespaces }) => namespaces ?? []).find(({ id }) => id === place);
  const link = picture.fabric.find(({ id }) => id === place);
  const tables = namespace ? namespaceTables(namespace, words) : link ? linkTables(picture, link, words) : [];
  return tables.filter(({ rows }) => rows.length > 0);
}

function namespaceTables({ namespace }: NamespaceBox, words: NetworkWords): readonly NetworkTable[] {
  const device = (index: number | undefined) =>
    index === undefined ? "" : (namespace.links.find((link) => link.index === index)?.name ?? String(index));
  const { fdb, vlans = [], neighbours, routes, conntrack, rules } = namespace;
  const indexed = routes.map((route, index) => ({ route, index }));
  return [
    bridgeFdb(fdb, device, words),
    vlanTable(vlans, device, words),
    neighbourTable(neighbours, device, words),
    routeTable(
      indexed.filter(({ route }) => route.table !== "local"),
      words.tables.routes,
      device,
      words,
    ),
    routeTable(
      indexed.filter(({ route }) => route.table === "local"),
      words.tables.localRoutes,
      device,
      words,
    ),
    {
      decides: "conntrack",
      caption: words.tables.conntrack,
      ...columnsOf(words, ["protocol", "state", "original", "reply", "timeout"], ["timeout"]),
      rows: conntrack.map(({ protocol, state, original, reply, timeout }, index) => ({
        index,
        cells: [protocol, state ?? "", tuple(original), tuple(reply), words.detail.seconds(grouped(timeout))],
      })),
    },
    ruleTable(rules, words),
  ];
}

export type Column = keyof NetworkWords["tables"]["columns"];
type Device = (index: number | undefined) => string;

/** The words of columns, and which of them hold numbers. */
export function columnsOf(words: NetworkWords, names: readonly Column[], numbers: readonly Column[] = []) {
  const { columns } = words.tables;
  return { columns: names.map((name) => columns[name]), numbers: numbers.map((name) => names.indexOf(name)) };
}

function bridgeFdb(entries: readonly BridgeFdbEntry[], device: Device, words: NetworkWords): NetworkTable {
  const { fdb, permanent } = words.tables;
  return {
    decides: "fdb",
    caption: fdb,
    ...columnsOf(words, ["mac", "vlan", "port", "bridge", "age"], ["vlan", "age"]),
    rows: entries.map(({ mac, vlan, port, bridge, age, permanent: stays }, index) => ({
      index,
      cells: [
        mac,
        vlan === undefined ? "" : String(vlan),
        device(port),
        device(bridge),
        stays ? permanent : age === undefined ? "" : words.detail.seconds(grouped(Math.round(age * 10) / 10)),
      ],
    })),
  };
}

function vlanTable(vlans: readonly PortVlans[], device: Device, words: NetworkWords): NetworkTable {
  const { pvid: comesIn, untagged: goesOut } = words.tables;
  return {
    decides: undefined,
    caption: words.tables.vlans,
    ...columnsOf(words, ["port", "vlan", "state"], ["vlan"]),
    rows: vlans.map(({ port, from, to, pvid, untagged }, index) => ({
      index,
      cells: [
        device(port),
        from === to ? String(from) : `${from}-${to}`,
        [...(pvid ? [comesIn] : []), ...(untagged ? [goesOut] : [])].join(" "),
      ],
    })),
  };
}

function neighbourTable(entries: readonly Neighbour[], device: Device, words: NetworkWords): NetworkTable {
  const { neighbours, proxy } = words.tables;
  return {
    decides: "neighbour",
    caption: neighbours,
    ...columnsOf(words, ["address", "mac", "device", "state"]),
    rows: entries.map(({ address, mac, link, state, proxy: answers }, index) => ({
      index,
      cells: [address, mac ?? "", device(link), answers ? proxy : state],
    })),
  };
}

function routeTable(
  routes: readonly { readonly route: NetRoute; readonly index: number }[],
  caption: string,
  device: Device,
  words: NetworkWords,
): NetworkTable {
  return {
    decides: "route",
    caption,
    ...columnsOf(words, ["route", "via", "device", "source", "metric", "type"], ["metric"]),
    rows: routes.map(({ route: { to, via, link, source, metric, type }, index }) => ({
      index,
      cells: [to, via ?? "", device(link), source ?? "", metric ? String(metric) : "", type],
    })),
  };
}

const tuple = ({ source, destination, sourcePort, destinationPort }: ConntrackTuple): string =>
  `${endpoint(source, sourcePort)} → ${endpoint(destination, destinationPort)}`;

const endpoint = (address: string, port: number | undefined): string =>
  port === undefined ? address : address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;

function ruleTable(rules: readonly FilterRule[], words: NetworkWords): NetworkTable {
  return {
    decides: "rule",
    caption: words.tables.rules,
    ...columnsOf(words, ["table", "chain", "rule", "packets", "bytes"], ["packets", "bytes"]),
    rows: rules.map(({ table, chain, rule, packets, bytes }, index) => ({
      index,
      cells: [table, chain, rule, grouped(packets), grouped(bytes)],
    })),
  };
}

function linkTables(picture: NetworkPicture, { report }: FabricBox, words: NetworkWords): readonly NetworkTable[] {
  const here = <Entry extends { readonly link: string }>(entries: readonly Entry[]) =>
    entries.map((entry, index) => ({ entry, index })).filter(({ entry }) => entry.link === report.link);
  return [fabricFdb(here(picture.fdb), words), natTable(here(picture.nat), words), portTable(report, words)];
}

interface Indexed<Entry> {
  readonly entry: Entry;
  readonly index: number;
}

function fabricFdb(entries: readonly Indexed<FdbEntry>[], words: NetworkWords): NetworkTable {
  return {
    decides: "fdb",
    caption: words.tables.fdb,
    ...columnsOf(words, ["mac", "vlan", "port", "age"], ["vlan", "age"]),
    rows: entries.map(({ entry: { mac, vlan, port, age }, index }) => ({
      index,
      cells: [mac, String(vlan), port, words.detail.seconds((age / 1000).toFixed(1))],
    })),
  };
}

function natTable(entries: readonly Indexed<NatEntry>[], words: NetworkWords): NetworkTable {
  const { nat, any } = words.tables;
  return {
    decides: "nat",
    caption: nat,
    ...columnsOf(
      words,
      ["protocol", "inner", "outer", "remote", "state", "sent", "received", "expires"],
      ["sent", "received", "expires"],
    ),
    rows: entries.map(({ entry: { protocol, inner, outer, remote, state, packets, expires }, index }) => ({
      index,
      cells: [
        protocol,
        inner,
        outer,
        remote ?? any,
        state ?? "",
        grouped(packets.out),
        grouped(packets.in),
        words.detail.seconds(grouped(Math.round(expires / 1000))),
      ],
    })),
  };
}

function portTable({ ports }: LinkReport, words: NetworkWords): NetworkTable {
  const { yes, no } = words;
  return {
    decides: undefined,
    caption: words.tables.ports,
    ...columnsOf(
      words,
      ["port", "mac", "vlan", "works", "sent", "received", "broadcast", "dropped", "waiting"],
      ["sent", "received", "broadcast", "waiting"],
    ),
    rows: ports.map((port, index) => ({
      index,
      cells: [
        port.name,
        port.mac,
        vlanText(port, words) ?? "",
        port.carrier ? yes : no,
        grouped(port.sent.frames),
        grouped(port.received.frames),
        grouped(port.sent.broadcast),
        dropText(port.dropped, words),
        grouped(port.waiting),
      ],
    })),
  };
}
