import { ipv4At } from "../address.ts";
import { ETHERTYPE, etherTypeText, named } from "../numbers.ts";
import type { Place, Reading } from "./reading.ts";
import { hexText, ipv4Text, macText } from "./texts.ts";

const HARDWARE = { 1: "Ethernet" };
const OPERATIONS = { 1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply" };

/** ARP (RFC 826); addresses are read of IPv4 over Ethernet. */
export function arp(reading: Reading, place: Place): void {
  const layer = reading.open("arp", place);
  const hardware = layer.word("Hardware type", (value) => named(HARDWARE, value));
  const protocol = layer.word("Protocol type", etherTypeText);
  const hardwareBytes = layer.byte("Hardware address length");
  const protocolBytes = layer.byte("Protocol address length");
  layer.word("Operation", (value) => named(OPERATIONS, value));
  const known = hardware === 1 && protocol === ETHERTYPE.ipv4 && hardwareBytes === 6 && protocolBytes === 4;
  for (const who of ["Sender", "Target"]) {
    const [mac, address] = known ? [macText, ipv4Text] : [hexText(hardwareBytes), hexText(protocolBytes)];
    layer.take(`${who} MAC`, hardwareBytes, mac);
    const same = who === "Target" && known && ipv4At(layer.bytes, layer.at) === ipv4At(layer.bytes, layer.at - 10);
    layer.take(`${who} IP`, protocolBytes, address, same ? { note: "gratuitous" } : {});
  }
  const inner = layer.carries();
  if (layer.whole) reading.payload(inner, "Padding");
  else reading.payload(inner);
}
