import { toBase64 } from "../../../src/network/base64.ts";
import type { CapturedFrame, Decision } from "../../../src/network/reports.ts";
import type { GuestFrame, GuestNetwork } from "../../../src/probe/network/types.ts";
import type { NetworkPicture } from "../../../src/views/network/picture.ts";
import { Surroundings } from "../../../src/views/network/trails/surroundings.ts";
import { Topology } from "../../../src/views/network/trails/topology.ts";
import { INITIAL } from "./readings.ts";

/** Frames as a link's capture and guests' taps report them, at times a test chooses. */

/** The moment tests begin at: milliseconds since 1970. */
export const START = 1_800_000_000_000;

let numbers = 0;

/** A frame a guest saw. @param after milliseconds after {@link START} */
export function seenBy(
  link: number,
  direction: "in" | "out",
  after: number,
  bytes: Uint8Array,
  namespace = INITIAL,
): GuestFrame {
  return {
    seq: ++numbers,
    at: START + after,
    namespace,
    link,
    direction,
    length: bytes.length,
    bytes: toBase64(bytes),
  };
}

/** A frame that entered a link by one end and left it by others a tenth of a millisecond later. */
export function carried(
  link: string,
  from: string,
  to: readonly string[],
  after: number,
  bytes: Uint8Array,
  decision: Decision = { kind: "hub" },
): CapturedFrame {
  return {
    seq: ++numbers,
    link,
    at: START + after,
    from,
    to: to.map((port) => ({ port, at: START + after + 0.1 })),
    decision,
    length: bytes.length,
    bytes: toBase64(bytes),
  };
}

/** What ways are made out with: every guest was listened to all the time, its clock right, its tables as they are now. */
export function surroundingsOf(
  picture: NetworkPicture,
  guests: ReadonlyMap<string, GuestNetwork>,
  more: { readonly now?: number; readonly watched?: readonly string[] } = {},
): Surroundings {
  const { now = START + 2000, watched = [...guests.keys()] } = more;
  return new Surroundings({
    topology: new Topology(picture),
    now,
    offsets: new Map([...guests.keys()].map((machine) => [machine, { offset: 0, uncertainty: 0 }])),
    watched: new Map(watched.map((machine) => [machine, { from: START - 1000, to: now }])),
    readings: new Map([...guests].map(([machine, network]) => [machine, [{ at: START, network }]])),
  });
}
