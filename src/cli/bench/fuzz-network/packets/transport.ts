import { type Endpoints, PORT, tcp, udp } from "../../../../network/codec/index.ts";
import type { Random } from "../../fuzz/random.ts";
import { dhcpMessage, dnsMessage } from "./applications.ts";
import { type Made, someBytes, word } from "./made.ts";
import { vxlanPacket } from "./tunnels.ts";

/** No port that means something to a reader. */
const anyPort = (random: Random): number => 10_000 + random.below(50_000);

const FLAGS = ["FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"];

export function tcpSegment(random: Random, endpoints: Endpoints): Made {
  const [sourcePort, destinationPort] = [anyPort(random), anyPort(random)];
  const [sequence, acknowledgement, window] = [random.word(), random.word(), word(random)];
  const flags = random.below(256);
  const [mss, scale, value, echo] = [word(random), random.below(15), random.word(), random.word()];
  const [timestamps, sack] = [random.chance(2), random.chance(4)];
  const edges = Array.from(
    { length: 1 + random.below(timestamps ? 2 : 3) },
    () => [random.word(), random.word()] as const,
  );
  const syn = (flags & 2) !== 0;
  const options = {
    ...(syn && { mss, windowScale: scale, sackPermitted: true }),
    ...(timestamps && { timestamps: { value, echo } }),
    ...(sack && !syn && { sack: edges }),
  };
  const fields = {
    "Source port": String(sourcePort),
    "Destination port": String(destinationPort),
    "Sequence number": String(sequence),
    "Acknowledgement number": String(acknowledgement),
    Window: String(window),
    Flags: FLAGS.filter((_, bit) => flags & (1 << bit)).join(", ") || "none",
    ...(syn && { "Option: MSS": String(mss), "Option: window scale": String(scale), "Option: SACK permitted": "" }),
    ...(timestamps && { "Option: timestamps": `${value} echo ${echo}` }),
    ...(sack && !syn && { "Option: SACK": edges.map(([left, right]) => `${left}-${right}`).join(" ") }),
  };
  const segment = { sourcePort, destinationPort, sequence, acknowledgement, flags, window, options };
  const bytes = tcp({ ...segment, payload: someBytes(random, 200) }, endpoints);
  return { bytes, expected: [{ layer: "tcp", fields }], whole: true };
}

export function udpDatagram(random: Random, depth: number, endpoints: Endpoints): Made {
  const { port, made } = application(random, depth);
  const other = anyPort(random);
  const toServer = random.chance(2) || port === PORT.vxlan;
  const [sourcePort, destinationPort] = toServer ? [other, port] : [port, other];
  const fields = { "Source port": String(sourcePort), "Destination port": String(destinationPort) };
  return {
    bytes: udp({ sourcePort, destinationPort, payload: made.bytes }, endpoints),
    expected: [{ layer: "udp", fields }, ...made.expected],
    whole: made.whole,
  };
}

function application(random: Random, depth: number): { readonly port: number; readonly made: Made } {
  const kind = random.below(depth < 3 ? 8 : 7);
  if (kind < 2) return { port: PORT.dns, made: dnsMessage(random) };
  if (kind < 4) return { port: PORT.dhcpServer, made: dhcpMessage(random) };
  if (kind === 7) return { port: PORT.vxlan, made: vxlanPacket(random, depth) };
  return { port: anyPort(random), made: { bytes: someBytes(random, 300), expected: [], whole: true } };
}
