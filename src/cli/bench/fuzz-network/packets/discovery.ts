import {
  type Endpoints,
  formatIpv6,
  neighbourAdvertisement,
  neighbourSolicitation,
  routerAdvertisement,
  routerSolicitation,
} from "../../../../network/codec/index.ts";
import type { Random } from "../../fuzz/random.ts";
import { ipv6Bytes, type Made, mac } from "./made.ts";

/** A message of neighbour discovery. */
export function discovery(random: Random, endpoints: Endpoints): Made {
  const target = formatIpv6(ipv6Bytes(random));
  const address = mac(random);
  const kind = random.below(4);
  const source = { "Option: source link-layer address (1)": address };
  if (kind === 0) return made(routerSolicitation({ sourceMac: address }, endpoints), source);
  if (kind === 1) return routers(random, address, endpoints);
  if (kind === 2) {
    return made(neighbourSolicitation(target, { sourceMac: address }, endpoints), { Target: target, ...source });
  }
  const [router, solicited, override] = [random.chance(2), random.chance(2), random.chance(2)];
  const advertisement = { target, router, solicited, override };
  return made(neighbourAdvertisement(advertisement, { targetMac: address }, endpoints), {
    Target: target,
    Flags: [router && "router", solicited && "solicited", override && "override"].filter(Boolean).join(", ") || "none",
    "Option: target link-layer address (2)": address,
  });
}

function routers(random: Random, sourceMac: string, endpoints: Endpoints): Made {
  const [hopLimit, lifetime, mtu] = [random.below(256), random.below(9001), 1280 + random.below(7721)];
  const length = random.below(129);
  const [network, server] = [formatIpv6(ipv6Bytes(random)), formatIpv6(ipv6Bytes(random))];
  const prefix = { address: network, length, valid: 0xffffffff, preferred: 600, onLink: true, autonomous: true };
  const dnsServers = { lifetime: 1200, addresses: [server] };
  const options = { sourceMac, mtu, prefix, dnsServers };
  return made(routerAdvertisement({ hopLimit, managed: true, lifetime }, options, endpoints), {
    "Hop limit": String(hopLimit),
    "Router lifetime": `${lifetime} s`,
    Flags: "managed",
    "Option: source link-layer address (1)": sourceMac,
    "Option: MTU (5)": String(mtu),
    "Option: prefix information (3)": `${network}/${length}`,
    "Option: recursive DNS servers (25)": server,
  });
}

const made = (bytes: Uint8Array, fields: Readonly<Record<string, string>>): Made => ({
  bytes,
  expected: [{ layer: "icmpv6", fields }],
  whole: true,
});
