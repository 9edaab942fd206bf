import type { Layer, LayerName, Packet } from "./packet.ts";

/** What a packet is coloured by: of one in a tunnel, what the inner one is. */
export type Colour = "arp" | "icmp" | "udp" | "tcp" | "other";

export interface Summary {
  readonly colour: Colour;
  readonly text: string;
}

/** One line, as tcpdump and Wireshark have it: `ICMP echo request 10.0.0.2 → 10.0.0.3 id 7 seq 1 ttl 64`. */
export function summarise(packet: Packet): Summary {
  const own = packet.layers.filter(({ quoted }) => !quoted);
  const depth = Math.max(0, ...own.map((layer) => layer.depth));
  const colour = colourOf(own.filter((layer) => layer.depth === depth));
  const levels = Array.from({ length: depth + 1 }, (_, level) => own.filter((layer) => layer.depth === level));
  const quotation = packet.layers.filter((layer) => layer.quoted && layer.depth === depth + 1);
  const texts = levels.map((layers, level) => (level < depth ? tunnelText(layers) : packetText(layers, quotation)));
  const wrong = own.find(({ malformed }) => malformed !== undefined && malformed !== "not captured whole");
  return { colour, text: texts.join(": ") + (wrong ? ` (malformed ${NAMES[wrong.name]}: ${wrong.malformed})` : "") };
}

const NAMES: Readonly<Record<LayerName, string>> = {
  ethernet: "Ethernet",
  vlan: "802.1Q",
  arp: "ARP",
  ipv4: "IPv4",
  ipv6: "IPv6",
  icmp: "ICMP",
  icmpv6: "ICMPv6",
  udp: "UDP",
  tcp: "TCP",
  dhcp: "DHCP",
  dns: "DNS",
  vxlan: "VXLAN",
  gre: "GRE",
  payload: "data",
};

const COLOURS: Readonly<Partial<Record<LayerName, Colour>>> = {
  arp: "arp",
  icmp: "icmp",
  icmpv6: "icmp",
  udp: "udp",
  tcp: "tcp",
};

/** A fragment has its protocol's colour, though it may have no header of it. */
function colourOf(layers: readonly Layer[]): Colour {
  for (const { name } of layers) {
    const colour = COLOURS[name];
    if (colour) return colour;
  }
  const protocol = protocolOf(ipOf(layers));
  if (protocol.startsWith("ICMP")) return "icmp";
  if (protocol.startsWith("UDP")) return "udp";
  return protocol.startsWith("TCP") ? "tcp" : "other";
}

const find = (layers: readonly Layer[], ...names: readonly LayerName[]): Layer | undefined =>
  layers.find(({ name }) => names.includes(name));
const ipOf = (layers: readonly Layer[]) => find(layers, "ipv4", "ipv6");

/** The value of a layer's field; nothing where it was not read. */
const value = (layer: Layer | undefined, name: string): string =>
  layer?.fields.find((field) => field.name === name)?.value ?? "";

/** `echo request` of `echo request (8)`. */
const word = (text: string): string => text.replace(/ \(\w+\)$/, "");

/** What an IP packet carries: of IPv6, what its last extension header names. */
function protocolOf(ip: Layer | undefined): string {
  if (ip?.name !== "ipv6") return word(value(ip, "Protocol"));
  const last = ip.fields.filter(({ note }) => note?.startsWith("next header ")).at(-1);
  return word(last ? last.note!.slice("next header ".length) : value(ip, "Next header"));
}

/** `name value` for each that was read. */
const pairs = (layer: Layer | undefined, names: Readonly<Record<string, string>>): string =>
  Object.entries(names)
    .map(([name, shown]) => [shown, value(layer, name)])
    .filter(([, text]) => text !== "")
    .map(([shown, text]) => ` ${shown} ${text}`)
    .join("");

const arrow = (from: string, to: string): string => (to === "" ? from && ` ${from}` : ` ${from} → ${to}`);
const addresses = (ip: Layer | undefined): string => arrow(value(ip, "Source"), value(ip, "Destination"));

/** Endpoints as `10.0.0.2:80`, `[fd00::2]:80` (RFC 5952, 6). */
function endpoints(ip: Layer | undefined, transport: Layer): string {
  const end = (address: string, port: string) => {
    const text = value(ip, address);
    return `${ip?.name === "ipv6" && text !== "" ? `[${text}]` : text}:${value(transport, port)}`;
  };
  return value(transport, "Source port") === ""
    ? addresses(ip)
    : arrow(end("Source", "Source port"), end("Destination", "Destination port"));
}

/** `VXLAN 10.0.0.1 → 10.0.0.2 vni 42`. */
function tunnelText(layers: readonly Layer[]): string {
  const tunnel = find(layers, "vxlan", "gre");
  return `${tunnel ? NAMES[tunnel.name] : "IP"}${addresses(ipOf(layers))}${pairs(tunnel, { VNI: "vni", Key: "key" })}`;
}

function packetText(layers: readonly Layer[], quotation: readonly Layer[]): string {
  const ip = ipOf(layers);
  const arp = find(layers, "arp");
  const icmp = find(layers, "icmp", "icmpv6");
  const transport = find(layers, "tcp", "udp");
  if (arp) return arpText(arp);
  if (icmp) return icmpText(icmp, ip, quotation);
  if (transport) return transportText(transport, ip, layers);
  return ip ? ipText(ip, layers) : ethernetText(layers);
}

function arpText(arp: Layer): string {
  const [sender, target] = [value(arp, "Sender IP"), value(arp, "Target IP")];
  const operation = word(value(arp, "Operation"));
  if (operation === "request" && sender !== "" && sender === target) return `ARP announcement ${sender}`;
  if (operation === "request") return `ARP who-has ${target} tell ${sender}`;
  if (operation === "reply") return `ARP reply ${sender} is-at ${value(arp, "Sender MAC")}`;
  return `ARP ${operation}`.trimEnd();
}

function icmpText(icmp: Layer, ip: Layer | undefined, quotation: readonly Layer[]): string {
  const code = value(icmp, "Code");
  const said = /\(/.test(code) ? `, ${word(code)}` : "";
  const about = quotation.length > 0 ? `, about ${packetText(quotation, [])}` : "";
  const fields = pairs(icmp, {
    Identifier: "id",
    "Sequence number": "seq",
    Target: "for",
    MTU: "mtu",
    "MTU of next hop": "mtu",
    Gateway: "gateway",
  });
  const ttl = value(icmp, "Identifier") === "" ? "" : pairs(ip, { TTL: "ttl", "Hop limit": "ttl" });
  return `${NAMES[icmp.name]} ${word(value(icmp, "Type"))}${addresses(ip)}${fields}${ttl}${said}${about}`;
}

function transportText(transport: Layer, ip: Layer | undefined, layers: readonly Layer[]): string {
  const dhcp = find(layers, "dhcp");
  const dns = find(layers, "dns");
  if (dhcp) return dhcpText(dhcp, ip);
  if (dns) return dnsText(dns, ip);
  const flags = value(transport, "Flags");
  const control = flags === "" ? "" : ` [${flags}]`;
  const numbers = pairs(transport, {
    "Sequence number": "seq",
    ...(flags.includes("ACK") && { "Acknowledgement number": "ack" }),
    Window: "win",
  });
  const length = transport.quoted || !ip ? "" : ` length ${payloadBytes(ip, transport)}`;
  return `${NAMES[transport.name]}${endpoints(ip, transport)}${control}${numbers}${length}`;
}

/** Bytes of payload by the packet's own lengths: not all of them may have been captured. */
function payloadBytes(ip: Layer, transport: Layer): number {
  const whole = ip.name === "ipv4" ? Number(value(ip, "Total length")) : 40 + Number(value(ip, "Payload length"));
  const end = transport.name === "udp" ? transport.from + Number(value(transport, "Length")) : ip.from + whole;
  return Math.max(0, end - transport.to);
}

function dhcpText(dhcp: Layer, ip: Layer | undefined): string {
  const type = word(value(dhcp, "Option: Message type (53)")) || word(value(dhcp, "Operation"));
  const offered = value(dhcp, "Your IP");
  const leased = offered === "" || offered === "0.0.0.0" ? "" : ` your ${offered}`;
  return `DHCP ${type}${addresses(ip)}${leased}${pairs(dhcp, { "Transaction ID": "xid" })}`;
}

/** The first question, and as many answers as fit a line. */
function dnsText(dns: Layer, ip: Layer | undefined): string {
  const kind = value(dns, "Kind");
  const failed = word(value(dns, "Response code"));
  const answers = dns.fields
    .filter(({ name }) => name === "Answer")
    .map((field) => field.value.split(" ").slice(1).join(" "));
  const shown = answers.slice(0, 3).join(", ") + (answers.length > 3 ? ", …" : "");
  const outcome =
    kind !== "response" ? "" : failed !== "NOERROR" ? `: ${failed}` : shown === "" ? ": no answer" : `: ${shown}`;
  return `DNS ${kind}${addresses(ip)} ${value(dns, "Question")}`.trimEnd() + outcome;
}

function ipText(ip: Layer, layers: readonly Layer[]): string {
  const fragment = layers.some(({ fields }) => fields[0]?.name === "Fragment");
  const said = fragment ? ` fragment${pairs(ip, { Identification: "id", "Fragment offset": "offset" })}` : "";
  return `${NAMES[ip.name]}${addresses(ip)} ${protocolOf(ip)}`.trimEnd() + said;
}

function ethernetText(layers: readonly Layer[]): string {
  const ethernet = find(layers, "ethernet");
  if (!ethernet) return value(layers[0], "Data");
  const typed = layers.filter(({ name }) => name === "vlan" || name === "ethernet").at(-1);
  const service = value(typed, "DSAP");
  const type = value(typed, "Type") || (service === "" ? "" : `LLC ${word(service)}`);
  return `Ethernet${addresses(ethernet)} ${type}`.trimEnd();
}
