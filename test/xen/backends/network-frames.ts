import { createHash } from "node:crypto";
import type { Frame } from "../../../src/network/link.ts";
import { Lan } from "../../network/fabric/lan.ts";
import { partial, type TcpPacket } from "../../network/frames.ts";
import { type FrontOptions, NetworkFront } from "./network-front.ts";

export const TX_RING = "vif:domU/0/tx";
export const RX_RING = "vif:domU/0/rx";

export const small = (length: number, mark = 0): Frame => {
  const bytes = Uint8Array.from({ length }, (_, at) => (at * 3 + mark) & 255);
  bytes.set([255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
  return { bytes, checksum: "whole" };
};
export const tcp = (version: 4 | 6, payload: number, size?: number): Frame => {
  const packet: TcpPacket = {
    version,
    tags: 0,
    options: 0,
    tcpOptions: 3,
    identification: 5,
    sequence: 77,
    flags: 0x18,
    payload: Uint8Array.from({ length: payload }, (_, at) => (at * 5) & 255),
  };
  const { bytes } = partial(packet);
  return {
    bytes,
    checksum: "partial",
    ...(size && { segmentation: { kind: version === 4 ? "tcp4" : "tcp6", size } as const }),
  };
};
export const content = (frames: readonly Frame[]) =>
  frames.map(({ bytes, checksum, segmentation }) => ({
    length: bytes.length,
    digest: createHash("sha1").update(bytes).digest("hex"),
    checksum,
    segmentation,
  }));

/** Two fronts on a hub. */
export function pair(options: FrontOptions = {}): { readonly a: NetworkFront; readonly b: NetworkFront } {
  const lan = new Lan("hub");
  const a = new NetworkFront(lan);
  const b = new NetworkFront(lan, { name: "other", ...options });
  a.connect();
  b.connect();
  return { a, b };
}
