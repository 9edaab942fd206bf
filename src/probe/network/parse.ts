import { type Place, parseJson, ReadingError } from "../json.ts";
import { given, inode, yes } from "./fields.ts";
import { NETVIEW_LIMITS } from "./limits.ts";
import { readFdbEntry, readLink, readNeighbour, readPortVlans, readRoute } from "./parse-links.ts";
import { readConntrack, readRule } from "./parse-rules.ts";
import type { GuestNetwork, NetNamespace } from "./types.ts";

/**
 * Reads what `netview --json` prints: every network namespace of a machine and what is in it.
 * The tool (images/linux/tools/netview.c) says where each fact is read from.
 */

function refuseTwice(what: string, keys: readonly number[]): void {
  if (new Set(keys).size !== keys.length) throw new ReadingError(`The reading lists the same ${what} twice.`);
}

function readProcess(place: Place): NetNamespace["processes"][number] {
  return { pid: place.at("pid").whole(1, 0x7fffffff), name: place.at("name").text(64) };
}

function readNamespace(place: Place): NetNamespace {
  const forwarding = place.at("forwarding");
  const links = place.at("links").list(NETVIEW_LIMITS.links, readLink);
  refuseTwice(
    "interface",
    links.map(({ index }) => index),
  );
  return {
    id: inode(place.at("id")),
    names: place.at("names").list(NETVIEW_LIMITS.names, (name) => name.text(64)),
    processes: place.at("processes").list(NETVIEW_LIMITS.processes, readProcess),
    initial: yes(place.at("initial")),
    forwarding: { ipv4: yes(forwarding.at("ipv4")), ipv6: yes(forwarding.at("ipv6")) },
    links,
    routes: place.at("routes").list(NETVIEW_LIMITS.routes, readRoute),
    neighbours: place.at("neighbours").list(NETVIEW_LIMITS.neighbours, readNeighbour),
    fdb: place.at("fdb").list(NETVIEW_LIMITS.fdb, readFdbEntry),
    ...given(place, "vlans", (vlans) => vlans.list(NETVIEW_LIMITS.vlans, readPortVlans)),
    conntrack: place.at("conntrack").list(NETVIEW_LIMITS.conntrack, readConntrack),
    rules: place.at("rules").list(NETVIEW_LIMITS.rules, readRule),
  };
}

/**
 * Opens a document of the tool's.
 *
 * @throws ReadingError when it is not one
 */
export function openDocument(document: string): Place {
  const place = parseJson(document, NETVIEW_LIMITS.characters);
  if (place.at("netview").value !== 1) throw new ReadingError("The reading is not one of netview, version 1.");
  return place;
}

/**
 * Reads the document `netview --json` prints.
 *
 * @param document the tool's standard output, decoded as UTF-8
 * @throws ReadingError, and nothing else, when it is not such a document; the message names the place
 */
export function parseGuestNetwork(document: string): GuestNetwork {
  const place = openDocument(document);
  const namespaces = place.at("namespaces").list(NETVIEW_LIMITS.namespaces, readNamespace);
  refuseTwice(
    "namespace",
    namespaces.map(({ id }) => id),
  );
  return { at: place.at("at").whole(0, Number.MAX_SAFE_INTEGER), namespaces, truncated: yes(place.at("truncated")) };
}
