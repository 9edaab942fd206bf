import { fromBase64 } from "../../../network/base64.ts";
import { EgressForms, Membership } from "../../../network/fabric/switch/vlan.ts";
import type { CapturedFrame, Delivery, PortReport } from "../../../network/reports.ts";
import type { GuestFrame } from "../../../probe/network/types.ts";
import { interfaceId, namespaceId, portId } from "../picture/ids.ts";
import type { Hop, Id } from "../picture.ts";
import { type Identity, identityOf } from "./identity.ts";

/** A frame seen at one place, before it is known whose way it is part of. */
export interface Sighting {
  readonly at: Id;
  readonly direction: "in" | "out";
  /** Whose clock `raw` is by: `fabric`, or a machine's name after `guest:`. */
  readonly clock: string;
  /** Of a guest: the namespace whose interfaces were listened to together. */
  readonly tap?: Id;
  /** What came first by that clock, where two have the same time; exact within a tap. */
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
 * The sightings of a frame that entered a link: at the port it came in by, and at every port it left by so far, as it
 * left there.
 *
 * @param whole bytes of all pieces of the segment, where the capture had to cut one
 * @param ports of the link, as it reports them
 */
export function fabricSightings(
  frame: CapturedFrame,
  whole: number,
  ports: readonly PortReport[],
): readonly Sighting[] {
  const entered = sightingAt(frame, bytesOf(frame.bytes), whole, { port: frame.from, direction: "in", raw: frame.at });
  const seen = [entered];
  for (const delivery of frame.to.slice(0, MOST_ENDS)) {
    const { port, at, dropped } = delivery;
    if (at === null || dropped !== undefined) continue;
    const left = leavingBytes(frame, entered.bytes, ports, delivery);
    const length = whole + left.length - entered.bytes.length;
    seen.push(sightingAt(frame, left, length, { port, direction: "out", raw: at }));
  }
  return seen;
}

function sightingAt(
  frame: CapturedFrame,
  bytes: Uint8Array,
  length: number,
  { port, direction, raw }: { port: string; direction: "in" | "out"; raw: number },
): Sighting {
  return {
    at: portId(frame.link, port),
    direction,
    clock: FABRIC_CLOCK,
    order: 2 * frame.seq + (direction === "in" ? 0 : 1),
    raw,
    bytes,
    length,
    identity: identityOf(bytes, length),
    source: { fabric: frame },
  };
}

/** A switch captures frames as they come in. They leave with a tag or without, as the port is a member of the VLAN. */
function leavingBytes(
  { decision }: CapturedFrame,
  bytes: Uint8Array,
  ports: readonly PortReport[],
  { port, mirror }: Delivery,
): Uint8Array {
  if (mirror || (decision.kind !== "fdb" && decision.kind !== "flood")) return bytes;
  const member = ports.find(({ name }) => name === port);
  return member ? new EgressForms({ bytes, checksum: "whole" }, decision.vlan).at(new Membership(member)).bytes : bytes;
}

export function guestSighting(machine: string, frame: GuestFrame): Sighting {
  const bytes = bytesOf(frame.bytes);
  return {
    at: interfaceId(machine, frame.namespace, frame.link),
    direction: frame.direction,
    clock: guestClock(machine),
    tap: namespaceId(machine, frame.namespace),
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
