import type { LinkReport, PortReport } from "../../../network/reports.ts";
import type { NetLink } from "../../../probe/network/types.ts";
import { grouped } from "../../quantities.ts";
import type { Id, NetworkPicture } from "../picture.ts";
import { dropText } from "../tables/drops.ts";
import { placeName, type Thing } from "../things.ts";
import type { NetworkWords } from "../words/words.ts";
import { linkOfPort, shapeText, vlanText } from "./labels.ts";

export type Fact = readonly [name: string, value: string];

/** What is known of a chosen thing, in the order people ask for it. */
export function factsOf(thing: Thing, picture: NetworkPicture, words: NetworkWords): readonly Fact[] {
  switch (thing.kind) {
    case "interface":
      return [
        ...interfaceFacts(thing.box.link, thing.namespace.interfaces, words),
        ...endFacts(thing.box.id, picture, words),
      ];
    case "namespace":
      return namespaceFacts(thing, words);
    case "machine": {
      const { host, namespaces } = thing.machine;
      const { host: hostWord, namespaces: many, interfaces } = words.detail;
      const count = namespaces?.reduce((sum, box) => sum + box.interfaces.length, 0);
      return [
        [hostWord, host],
        ...(namespaces ? [[many, String(namespaces.length)] as const, [interfaces, String(count)] as const] : []),
      ];
    }
    case "link":
      return linkFacts(thing.link.report, words);
    case "port":
      return portFacts(thing.report, thing.port, words);
    case "edge":
      return thing.edge.ends.map((end, at) => [
        at === 0 ? words.detail.wire : words.detail.peer,
        placeName(picture, end),
      ]);
  }
}

function interfaceFacts(link: NetLink, others: readonly { readonly link: NetLink }[], words: NetworkWords): Fact[] {
  const text = words.detail;
  const master = others.find(({ link: other }) => other.index === link.master)?.link.name;
  const { bridge, permanent, portState, vlan } = link;
  return [
    [text.kind, words.map.kinds[link.kind] ?? link.kind],
    [text.mac, link.mac],
    ...(permanent && permanent !== link.mac ? [[text.permanent, permanent] as const] : []),
    ...(link.addresses.length > 0 ? [[text.addresses, link.addresses.join(" ")] as const] : []),
    [text.mtu, String(link.mtu)],
    [text.index, String(link.index)],
    ...(master ? [[text.master, master] as const] : []),
    ...(portState ? [[text.portState, portState] as const] : []),
    ...(vlan === undefined ? [] : [["VLAN", String(vlan)] as const]),
    ...(link.vni === undefined ? [] : [["VNI", String(link.vni)] as const]),
    ...(link.proxyArp ? [[text.proxyArp, "1"] as const] : []),
    ...(link.promiscuous ? [[text.promiscuous, words.yes] as const] : []),
    ...(bridge
      ? [
          [text.stp, bridge.stp ? words.yes : words.no] as const,
          [text.vlanFiltering, bridge.vlanFiltering ? words.yes : words.no] as const,
          [text.ageing, text.seconds(String(bridge.ageing))] as const,
        ]
      : []),
    [text.sent, text.traffic(grouped(link.sent.packets), grouped(link.sent.bytes))],
    [text.received, text.traffic(grouped(link.received.packets), grouped(link.received.bytes))],
    [text.dropped, grouped(link.sent.dropped + link.received.dropped)],
  ];
}

/** Where an interface's wires lead. */
function endFacts(id: Id, picture: NetworkPicture, words: NetworkWords): Fact[] {
  return picture.edges.flatMap(({ kind, ends }): Fact[] => {
    if (kind === "port" || !ends.includes(id)) return [];
    const other = ends[0] === id ? ends[1] : ends[0];
    const port = linkOfPort(picture, other)?.ports.find(({ name }) => other.endsWith(`:${name}`));
    const vlan = port && vlanText(port, words);
    return [[words.detail.peer, `${placeName(picture, other)}${vlan ? ` ${vlan}` : ""}`]];
  });
}

function namespaceFacts({ namespace }: Extract<Thing, { kind: "namespace" }>, words: NetworkWords): Fact[] {
  const text = words.detail;
  const { id, forwarding, processes, rules } = namespace.namespace;
  const nat = rules.filter(({ table, rule }) => table === "nat" && !rule.startsWith("policy"));
  return [
    [text.inode, `net:[${id}]`],
    [text.forwarding, forwarding.ipv4 ? "1" : "0"],
    [text.forwarding6, forwarding.ipv6 ? "1" : "0"],
    ...(processes.length > 0
      ? [[text.processes, processes.map(({ name, pid }) => `${name} ${pid}`).join(", ")] as const]
      : []),
    ...nat.map(({ chain, rule }) => [text.rules, `${chain} ${rule}`] as const),
  ];
}

function linkFacts(report: LinkReport, words: NetworkWords): Fact[] {
  const text = words.detail;
  const { columns } = words.tables;
  const dropped = dropText(report.dropped, words);
  return [
    [text.kind, words.map.links[report.kind]],
    [columns.frames, grouped(report.frames)],
    [columns.bytes, grouped(report.bytes)],
    [text.broadcast, grouped(report.broadcast)],
    [text.flooded, grouped(report.flooded)],
    ...(dropped ? [[text.dropped, dropped] as const] : []),
    ...shapeText(report, words).map((shape) => [columns.shape, shape] as const),
    [text.queue, words.frames(grouped(report.queue))],
    [text.mtu, String(report.mtu)],
    [text.place, !report.place || report.place === "network" ? text.network : words.map.host(report.place)],
  ];
}

function portFacts(report: LinkReport, port: PortReport, words: NetworkWords): Fact[] {
  const text = words.detail;
  const { columns } = words.tables;
  const gateway =
    port.name.startsWith("gateway:") && report.gateway ? [[text.address, report.gateway.address] as const] : [];
  const dropped = dropText(port.dropped, words);
  const vlan = vlanText(port, words);
  return [
    [columns.link, report.link],
    ...gateway,
    [text.mac, port.mac],
    ...(vlan ? [["VLAN", vlan] as const] : []),
    [text.sent, text.traffic(grouped(port.sent.frames), grouped(port.sent.bytes))],
    [text.received, text.traffic(grouped(port.received.frames), grouped(port.received.bytes))],
    ...(dropped ? [[text.dropped, dropped] as const] : []),
    [text.waiting, grouped(port.waiting)],
  ];
}
