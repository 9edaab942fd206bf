import { grouped } from "../../quantities.ts";
import { conditionText, shapeText } from "../map/labels.ts";
import type { FabricBox, MachineBox, NetworkPicture } from "../picture.ts";
import { namespaceName, placeName } from "../things.ts";
import type { NetworkWords } from "../words/words.ts";
import { dropText } from "./drops.ts";
import { columnsOf, type NetworkTable } from "./rows.ts";

/** Everything the map shows, as rows: machines, interfaces, wires, links. */
export function objectTables(picture: NetworkPicture, words: NetworkWords): readonly NetworkTable[] {
  const tables = [
    machineTable(picture.machines, words),
    interfaceTable(picture, words),
    edgeTable(picture, words),
    linkTable(picture.fabric, words),
  ];
  return tables.filter(({ rows }) => rows.length > 0);
}

function machineTable(machines: readonly MachineBox[], words: NetworkWords): NetworkTable {
  const { running, stands } = words.tables;
  return {
    decides: undefined,
    caption: words.tables.machines,
    ...columnsOf(words, ["machine", "host", "state", "namespaces"], ["namespaces"]),
    rows: machines.map(({ name, host, running: runs, namespaces }, index) => ({
      index,
      cells: [name, host, runs ? running : stands, namespaces ? String(namespaces.length) : words.map.unread],
    })),
  };
}

function interfaceTable({ machines }: NetworkPicture, words: NetworkWords): NetworkTable {
  const { map, tables } = words;
  const all = machines.flatMap((machine) =>
    (machine.namespaces ?? []).flatMap((namespace) =>
      namespace.interfaces.map(({ link }) => ({ machine, namespace, link })),
    ),
  );
  return {
    decides: undefined,
    caption: tables.interfaces,
    ...columnsOf(
      words,
      ["namespace", "name", "kind", "state", "mac", "addresses", "master", "mtu", "sent", "received", "dropped"],
      ["mtu", "sent", "received", "dropped"],
    ),
    rows: all.map(({ machine, namespace, link }, index) => ({
      index,
      cells: [
        namespaceName(machine, namespace),
        link.name,
        map.kinds[link.kind] ?? link.kind,
        link.up ? (link.carrier ? (link.portState ?? tables.up) : map.noCarrier) : map.down,
        link.mac,
        link.addresses.join(" "),
        namespace.interfaces.find(({ link: other }) => other.index === link.master)?.link.name ?? "",
        String(link.mtu),
        grouped(link.sent.packets),
        grouped(link.received.packets),
        grouped(link.sent.dropped + link.received.dropped),
      ],
    })),
  };
}

function edgeTable(picture: NetworkPicture, words: NetworkWords): NetworkTable {
  return {
    decides: undefined,
    caption: words.tables.edges,
    ...columnsOf(words, ["from", "kind", "to", "works"]),
    rows: picture.edges.map(({ kind, ends, carrier }, index) => ({
      index,
      cells: [
        placeName(picture, ends[0]),
        words.map.wires[kind],
        placeName(picture, ends[1]),
        carrier ? words.yes : words.no,
      ],
    })),
  };
}

function linkTable(fabric: readonly FabricBox[], words: NetworkWords): NetworkTable {
  return {
    decides: undefined,
    caption: words.tables.links,
    ...columnsOf(
      words,
      ["link", "kind", "state", "shape", "frames", "bytes", "broadcast", "flooded", "dropped"],
      ["frames", "bytes", "broadcast", "flooded"],
    ),
    rows: fabric.map(({ report }, index) => ({
      index,
      cells: [
        report.link,
        words.map.links[report.kind],
        conditionText(report, words) ?? "",
        shapeText(report, words).join(" · "),
        grouped(report.frames),
        grouped(report.bytes),
        grouped(report.broadcast),
        grouped(report.flooded),
        dropText(report.dropped, words),
      ],
    })),
  };
}
