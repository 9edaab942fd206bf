import type { LinkReport } from "../../../network/reports.ts";
import type { PortVlans } from "../../../probe/network/types.ts";
import { grouped } from "../../quantities.ts";
import type { Id, InterfaceBox, MachineBox, NamespaceBox, NetworkPicture } from "../picture.ts";
import type { NetworkWords } from "../words/words.ts";
import type { Widths } from "./layout.ts";

/** What stands on an interface's chip. */
export interface InterfaceText {
  readonly name: string;
  /** What is below or beside its name: `VLAN 10`. */
  readonly tag: string | undefined;
  /** The address people ask for first, and how many more there are. */
  readonly address: string | undefined;
  readonly more: number;
  /** What is not as it should be. */
  readonly state: string | undefined;
}

/** Addresses that are there without anybody's doing. */
const USUAL = /^(?:fe80:|127\.0\.0\.1\/8$|::1\/128$)/i;

/** @param vlans of the ports of the namespace's bridges */
export function interfaceText(
  { link }: InterfaceBox,
  words: NetworkWords,
  vlans: readonly PortVlans[] = [],
): InterfaceText {
  const { vlan, down, noCarrier } = words.map;
  const shown = link.addresses.filter((address) => !USUAL.test(address));
  const odd = link.portState !== undefined && link.portState !== "forwarding" ? link.portState : undefined;
  return {
    name: link.name,
    tag: link.vlan === undefined ? bridgeVlanText(vlans, link.index, words) : vlan(link.vlan),
    address: shown[0],
    more: Math.max(0, shown.length - 1),
    state: !link.up ? down : !link.carrier ? noCarrier : odd,
  };
}

/** VLANs of a bridge's port: of an access port the one, of a trunk all; nothing of VLAN 1 alone, which is no port's choice. */
export function bridgeVlanText(
  vlans: readonly PortVlans[],
  port: number,
  { map }: Pick<NetworkWords, "map">,
): string | undefined {
  const own = vlans.filter((one) => one.port === port);
  const [only] = own;
  if (!only || (own.length === 1 && only.to === 1)) return undefined;
  if (own.length === 1 && only.pvid && only.untagged) return map.vlan(only.from);
  return map.trunk(own.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(" "));
}

/** What a link does to its frames, beyond passing them on. */
export function shapeText(report: LinkReport, words: NetworkWords): readonly string[] {
  const { latency, jitter, loss, rate, mtu, mirror } = words.map;
  return [
    ...(report.jitter > 0 ? [jitter(figure(report.latency), figure(report.jitter))] : []),
    ...(report.jitter === 0 && report.latency > 0 ? [latency(figure(report.latency))] : []),
    ...(report.loss > 0 ? [loss(figure(report.loss * 100))] : []),
    ...(report.rate === null ? [] : [rate(bits(report.rate))]),
    ...(report.mtu === 1500 ? [] : [mtu(report.mtu)]),
    ...(report.mirror === null ? [] : [mirror(report.mirror)]),
  ];
}

/** At most two digits after the point, and none that say nothing. */
export const figure = (value: number): string => String(Math.round(value * 100) / 100);

/** Bits a second in the unit that needs the fewest digits: `10 M`, `128 k`. */
export function bits(rate: number): string {
  if (rate >= 1e9) return `${figure(rate / 1e9)} G`;
  if (rate >= 1e6) return `${figure(rate / 1e6)} M`;
  return rate >= 1000 ? `${figure(rate / 1000)} k` : `${figure(rate)} `;
}

/** What a link does to all frames now: held, or cut. */
export function conditionText({ held, waiting, cut }: LinkReport, words: NetworkWords): string | undefined {
  if (cut) return words.map.cut;
  return held ? words.map.held(grouped(waiting)) : undefined;
}

/** Widths of characters, in pixels at 12: of a monospaced one, and of one that is as wide as high. */
const NARROW = 7.3;
const WIDE = 12.3;

/** Pixels a text takes at 12 pixels; a little more than it will. */
export function textWidth(text: string): number {
  let sum = 0;
  for (const character of text) sum += character.codePointAt(0)! < 0x2e80 ? NARROW : WIDE;
  return sum;
}

const SIGN = 20;
const BESIDE = 7;
/** A sign with what is around it, inside a stack. */
const MARK = 25;
const AROUND = 17;

const chipWidth = (...texts: readonly (string | undefined)[]): number =>
  AROUND + SIGN + texts.reduce((sum, text) => sum + (text ? textWidth(text) + BESIDE : 0), -BESIDE);

/** Widths of what is on the map, in one language. */
export function widthsOf(picture: NetworkPicture, words: NetworkWords): Widths {
  const { stack, routes, translates, gateway, links } = words.map;
  const namespaces = new Map<Id, NamespaceBox>();
  const machines = new Map<Id, MachineBox>(picture.machines.map((machine) => [machine.id, machine]));
  const homes = new Map<Id, NamespaceBox>();
  for (const machine of picture.machines) {
    for (const box of machine.namespaces ?? []) {
      namespaces.set(box.id, box);
      for (const { id } of box.interfaces) homes.set(id, box);
    }
  }
  return {
    stack(id) {
      const box = namespaces.get(id);
      const marks = (box?.routes ? MARK + textWidth(routes) : 0) + (box?.translates ? MARK + textWidth(translates) : 0);
      return AROUND + textWidth(stack) + marks;
    },
    interface(box) {
      const { name, tag, address, more, state } = interfaceText(box, words, homes.get(box.id)?.namespace.vlans);
      return chipWidth(name, tag, address, more > 0 ? words.map.more(more) : undefined, state);
    },
    title(id, framed) {
      return 40 + textWidth(machineTitle(machines.get(id)!, framed, words).join(" "));
    },
    link(id) {
      const { report } = picture.fabric.find((link) => link.id === id)!;
      return chipWidth(report.link, links[report.kind], ...shapeText(report, words), conditionText(report, words)) + 8;
    },
    gateway(port) {
      const report = linkOfPort(picture, port);
      return chipWidth(gateway, gatewayText(port, report));
    },
  };
}

/**
 * A machine's name, its host's where that is another and has no frame of its own, and whether the machine stands.
 *
 * @param framed the host is drawn around it
 */
export function machineTitle(
  { name, host, running, namespaces }: MachineBox,
  framed: boolean,
  words: NetworkWords,
): readonly string[] {
  return [
    name,
    ...(framed || host === name ? [] : [words.map.host(host)]),
    ...(running || !namespaces ? [] : [words.tables.stands]),
  ];
}

/** A gateway's address on a link; on the outer of its two links, the name of the inner. */
export function gatewayText(port: Id, report: LinkReport | undefined): string {
  const inner = /gateway:([^/]+)\/\d+$/.exec(port)?.[1] ?? "";
  return report?.gateway && report.link === inner ? report.gateway.address : inner;
}

/** The link that a port is an end of. */
export const linkOfPort = ({ fabric }: NetworkPicture, port: Id): LinkReport | undefined =>
  fabric.find(({ report }) => port.startsWith(`port:${report.link}:`))?.report;

/** VLANs of a link's port, in words. */
export function vlanText(
  port: Pick<LinkReport["ports"][number], "vlan" | "vlans">,
  words: NetworkWords,
): string | undefined {
  if (port.vlan !== undefined) return words.map.vlan(port.vlan);
  return port.vlans ? words.map.trunk(port.vlans.join(" ")) : undefined;
}
