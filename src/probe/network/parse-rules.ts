import type { Place } from "../json.ts";
import { address, counter, given, word, yes } from "./fields.ts";
import { NETVIEW_LIMITS } from "./limits.ts";
import type { ConntrackEntry, ConntrackTuple, FilterRule } from "./types.ts";

const port = (place: Place) => place.whole(0, 0xffff);

function readTuple(place: Place): ConntrackTuple {
  return {
    source: address(place.at("source")),
    destination: address(place.at("destination")),
    ...given(place, "sourcePort", port),
    ...given(place, "destinationPort", port),
  };
}

export function readConntrack(place: Place): ConntrackEntry {
  return {
    protocol: word(place.at("protocol")),
    original: readTuple(place.at("original")),
    reply: readTuple(place.at("reply")),
    ...given(place, "state", word),
    timeout: place.at("timeout").whole(),
    assured: yes(place.at("assured")),
    unreplied: yes(place.at("unreplied")),
  };
}

export function readRule(place: Place): FilterRule {
  return {
    table: place.at("table").text(80),
    chain: place.at("chain").text(80),
    rule: place.at("rule").text(NETVIEW_LIMITS.rule),
    packets: counter(place.at("packets")),
    bytes: counter(place.at("bytes")),
  };
}
