import { fromBase64 } from "../../../network/base64.ts";
import type { CapturedFrame } from "../../../network/reports.ts";
import type { GuestFrame } from "../../../probe/network/types.ts";
import { interfaceId, portId } from "../picture/ids.ts";
import type { Hop, Id } from "../picture.ts";
import { type Identity, identityOf } from "./identity.ts";

/** A frame seen at one place, before it is known whose way it is part of. */
export interface Sighting {
  readonly at: Id;
  readonly direction: "in" | "out";
  /** Whose clock `raw` is by: `fabric`, or a machine's name after `guest:`. */
  readonly clock: string;
  /** What came first by that clock, where two have the same time; of a guest, exact. */
  readonly order: number;
  /** Milliseconds since 1970 by that clock. */
  readonly raw: number;
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly identity: Identity;
  readonly source: Hop["source"];
}

export const FABRIC_CLOCK = "fabric";
const guestClock = (machine: string): string => `guest:${machine}`;

/** Most ends a frame is followed to: a switch of a lab has far fewer. */
const MOST_ENDS = 32;

/**
 * The sightings of a frame that entered a link: at the port it came in by, and at every port it left by so far.
 *
 * @param whole bytes of all pieces of the segment, where the capture had to cut one
 */
export function fabricSightings(frame: CapturedFrame, whole = frame.length): readonly Sighting[] {
  const bytes = bytesOf(frame.bytes);
  const identity = identityOf(bytes, whole);
  const common = { clock: FABRIC_CLOCK, bytes, length: whole, identity, source: { fabric: frame } };
  const seen: Sighting[] = [
    { ...common, at: portId(frame.link, frame.from), direction: "in", order: 2 * frame.seq, raw: frame.at },
  ];
  for (const { port, at, dropped } of frame.to.slice(0, MOST_ENDS)) {
    if (at === null || dropped !== undefined) continue;
    seen.push({ ...common, at: portId(frame.link, port), direction: "out", order: 2 * frame.seq + 1, raw: at });
  }
  return seen;
}

export function guestSighting(machine: string, frame: GuestFrame): Sighting {
  const bytes = bytesOf(frame.bytes);
  return {
    at: interfaceId(machine, frame.namespace, frame.link),
    direction: frame.direction,
    clock: guestClock(machine),
    order: frame.seq,
    raw: frame.at,
    bytes,
    length: frame.length,
    identity: identityOf(bytes, frame.length),
    source: { machine, guest: frame },
  };
}

/** @returns no bytes for what is not Base64: a student may have replaced the tool that wrote it */
export const bytesOf = (text: string): Uint8Array => fromBase64(text) ?? new Uint8Array();
