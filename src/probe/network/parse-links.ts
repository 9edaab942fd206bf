import type { Place } from "../json.ts";
import { address, amount, counter, given, index, inode, mac, oneOf, word, yes } from "./fields.ts";
import { NETVIEW_LIMITS } from "./limits.ts";
import type { BridgeFdbEntry, Neighbour, NetLink, NetRoute, PortVlans } from "./types.ts";

const vlanId = (place: Place) => place.whole(0, 4095);

function readCounters(place: Place): NetLink["sent"] {
  return {
    packets: counter(place.at("packets")),
    bytes: counter(place.at("bytes")),
    dropped: counter(place.at("dropped")),
  };
}

function readBridge(place: Place): NonNullable<NetLink["bridge"]> {
  return {
    stp: yes(place.at("stp")),
    vlanFiltering: yes(place.at("vlanFiltering")),
    ageing: amount(place.at("ageing")),
  };
}

export function readLink(place: Place): NetLink {
  return {
    index: index(place.at("index")),
    name: place.at("name").text(16),
    kind: place.at("kind").text(16),
    mac: place.at("mac").optional(mac) ?? "",
    ...given(place, "permanent", mac),
    mtu: place.at("mtu").whole(),
    up: yes(place.at("up")),
    carrier: yes(place.at("carrier")),
    promiscuous: yes(place.at("promiscuous")),
    ...given(place, "master", index),
    ...given(place, "peer", index),
    ...given(place, "peerNamespace", inode),
    ...given(place, "vlan", vlanId),
    ...given(place, "vni", (vni) => vni.whole(0, 0xffffff)),
    ...given(place, "proxyArp", yes),
    addresses: place.at("addresses").list(NETVIEW_LIMITS.addresses, address),
    sent: readCounters(place.at("sent")),
    received: readCounters(place.at("received")),
    ...given(place, "bridge", readBridge),
    ...given(place, "portState", word),
  };
}

export function readRoute(place: Place): NetRoute {
  const family = place.at("family").value;
  if (family !== 4 && family !== 6) throw place.at("family").wrong("4 or 6");
  return {
    family,
    to: address(place.at("to")),
    ...given(place, "via", address),
    ...given(place, "link", index),
    ...given(place, "source", address),
    ...given(place, "metric", (metric) => metric.whole()),
    type: word(place.at("type")),
    table: oneOf(place.at("table"), ["main", "local", "other"]),
  };
}

export function readNeighbour(place: Place): Neighbour {
  return {
    address: address(place.at("address")),
    ...given(place, "mac", mac),
    link: place.at("link").whole(0, 0x7fffffff),
    state: word(place.at("state")),
    ...given(place, "proxy", yes),
  };
}

export function readFdbEntry(place: Place): BridgeFdbEntry {
  return {
    mac: mac(place.at("mac")),
    bridge: index(place.at("bridge")),
    port: index(place.at("port")),
    ...given(place, "vlan", vlanId),
    permanent: yes(place.at("permanent")),
    ...given(place, "age", amount),
  };
}

export function readPortVlans(place: Place): PortVlans {
  return {
    port: index(place.at("port")),
    from: vlanId(place.at("from")),
    to: vlanId(place.at("to")),
    pvid: yes(place.at("pvid")),
    untagged: yes(place.at("untagged")),
  };
}
