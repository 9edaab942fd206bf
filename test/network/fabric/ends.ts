import type { Frame, LinkPort } from "../../../src/network/link.ts";
import type { PortSpec } from "../../../src/network/link-spec.ts";
import type { Lan } from "./lan.ts";

export const BROADCAST = 0xff;

export interface Made {
  /** Last byte of `02:00:00:00:00:nn`, or {@link BROADCAST}. */
  readonly to: number;
  readonly from: number;
  /** VID of an 802.1Q tag, and its priority. */
  readonly tag?: number;
  readonly priority?: number;
  readonly length?: number;
  /** Told apart by it: the last two bytes. */
  readonly mark?: number;
}

/** An Ethernet frame between two hosts of one byte each. */
export function frame({ to, from, tag, priority = 0, length = 60, mark = 0 }: Made): Frame {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set(to === BROADCAST ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 0, to]);
  bytes.set([2, 0, 0, 0, 0, from], 6);
  if (tag === undefined) view.setUint16(12, 0x88b5);
  else {
    view.setUint16(12, 0x8100);
    view.setUint16(14, (priority << 13) | tag);
    view.setUint16(16, 0x88b5);
  }
  view.setUint16(length - 2, mark);
  return { bytes, checksum: "whole" };
}

export const markOf = ({ bytes }: Pick<Frame, "bytes">): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint16(bytes.length - 2);

/** VID of the tag a frame has; undefined without one. */
export function tagOf({ bytes }: Frame): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return view.getUint16(12) === 0x8100 ? view.getUint16(14) & 0xfff : undefined;
}

export interface PluggedEnd {
  readonly port: LinkPort;
  readonly frames: Frame[];
  send(made: Made): void;
}

/** An end whose frames are kept. */
export function plug(lan: Lan, machine: string, spec: Partial<PortSpec> = {}): PluggedEnd {
  const port = lan.port(machine, spec);
  const frames: Frame[] = [];
  port.receive = (arrived) => frames.push(arrived);
  return { port, frames, send: (made) => port.send(frame(made)) };
}

export const marks = ({ frames }: PluggedEnd): number[] => frames.map(markOf);
