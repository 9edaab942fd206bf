import { decode, headerChanges, summarise } from "../../../network/codec/index.ts";
import type { FieldChange, Hop, Trail } from "../picture.ts";
import { isPartial } from "./checksum.ts";
import { decisionsOf, rowNow } from "./decided/decisions.ts";
import { lossOf } from "./decided/losses.ts";
import { innermost } from "./identity.ts";
import type { Sighting } from "./sighting.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Topology } from "./topology.ts";
import { type Stop, wayOf } from "./way.ts";

/** Makes the way of one packet out of its sightings. */
export function buildTrail(
  packet: { readonly id: string; readonly sightings: readonly Sighting[] },
  surroundings: Surroundings,
): Trail {
  const way = wayOf(packet.sightings, surroundings);
  const hops = way.map((stop) => hopOf(stop, way, surroundings));
  const [first] = way;
  const lost = lossOf(way, surroundings);
  return {
    id: packet.id,
    colour: first!.sighting.identity.colour,
    summary: summarise(decode(first!.sighting.bytes, first!.sighting.length)).text,
    hops,
    ...(lost && { lost }),
  };
}

function hopOf(stop: Stop, way: readonly Stop[], surroundings: Surroundings): Hop {
  const { sighting, from, over, time } = stop;
  const before = from === undefined ? undefined : way[from];
  return {
    at: sighting.at,
    ...(over !== undefined && { over }),
    ...(from !== undefined && { from }),
    direction: sighting.direction,
    time,
    bytes: sighting.bytes,
    length: sighting.length,
    changes: before ? changesBetween(before.sighting, sighting) : [],
    decided: decisionsOf(before, stop, surroundings),
    source: sighting.source,
  };
}

function changesBetween(before: Sighting, after: Sighting): readonly FieldChange[] {
  const [one, other] = [innermost(before.bytes), innermost(after.bytes)].map(({ headers }) => headers);
  if (!one || !other) return [];
  // a checksum still to be completed by a card is not one that was rewritten
  const open = isPartial(before.bytes, one) || isPartial(after.bytes, other);
  return headerChanges(one, other).filter(({ field }) => !open || field !== "checksum-transport");
}

/** The same trail, its rows where they are in the tables now. */
export function refreshRows(trail: Trail, topology: Topology): Trail {
  let moved = false;
  const hops = trail.hops.map((hop) => {
    const decided = hop.decided.map((one) => {
      const row = rowNow(one, topology);
      if (row === one.row) return one;
      moved = true;
      return { ...one, row };
    });
    return { ...hop, decided };
  });
  return moved ? { ...trail, hops } : trail;
}
