import { checksumOf, onesSum } from "../../checksum.ts";
import { PROTOCOL } from "../numbers.ts";
import { type Endpoints, pseudoSumOf } from "./ip.ts";
import { Writer } from "./writer.ts";

export interface Ports {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface UdpDatagram extends Ports {
  readonly payload: Uint8Array;
}

/** RFC 768, always with a checksum. */
export function udp({ sourcePort, destinationPort, payload }: UdpDatagram, endpoints: Endpoints): Uint8Array {
  const writer = new Writer().word(sourcePort, destinationPort, 8 + payload.length, 0).bytes(payload);
  return summed(writer, 6, PROTOCOL.udp, endpoints);
}

/** Control bits of RFC 9293, 3.1, and ECN's (RFC 3168). */
export const TCP_FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

/** Written in Linux's order, with no-operations in between so that numbers are aligned. */
export interface TcpOptions {
  readonly mss?: number;
  readonly sackPermitted?: boolean;
  readonly timestamps?: { readonly value: number; readonly echo: number };
  /** Shift count. */
  readonly windowScale?: number;
  /** Left and right edges, at most 4, or 3 beside timestamps. */
  readonly sack?: readonly (readonly [number, number])[];
}

export interface TcpSegment extends Ports {
  readonly sequence: number;
  readonly acknowledgement?: number;
  /** Sum of {@link TCP_FLAG}. */
  readonly flags: number;
  /** Default 65535. */
  readonly window?: number;
  readonly urgent?: number;
  readonly options?: TcpOptions;
  readonly payload?: Uint8Array;
}

/** RFC 9293, 3.1. */
export function tcp(segment: TcpSegment, endpoints: Endpoints): Uint8Array {
  const options = tcpOptions(segment.options ?? {});
  const headerWords = 5 + options.length / 4;
  const writer = new Writer()
    .word(segment.sourcePort, segment.destinationPort)
    .long(segment.sequence, segment.acknowledgement ?? 0)
    .byte(headerWords << 4, segment.flags)
    .word(segment.window ?? 0xffff, 0, segment.urgent ?? 0)
    .bytes(options)
    .bytes(segment.payload ?? new Uint8Array(0));
  return summed(writer, 16, PROTOCOL.tcp, endpoints);
}

function tcpOptions({ mss, sackPermitted, timestamps, windowScale, sack = [] }: TcpOptions): Uint8Array {
  const writer = new Writer();
  if (mss !== undefined) writer.byte(2, 4).word(mss);
  if (timestamps) {
    writer.byte(...(sackPermitted ? [4, 2] : [1, 1]), 8, 10).long(timestamps.value, timestamps.echo);
  } else if (sackPermitted) writer.byte(1, 1, 4, 2);
  if (windowScale !== undefined) writer.byte(1, 3, 3, windowScale);
  if (sack.length > 0) writer.byte(1, 1, 5, 2 + 8 * sack.length).long(...sack.flat());
  return writer.done();
}

function summed(writer: Writer, at: number, protocol: number, endpoints: Endpoints): Uint8Array {
  const sum = onesSum(writer.done(), 0, writer.length, pseudoSumOf(endpoints, protocol, writer.length));
  return writer.setWord(at, checksumOf(sum)).done();
}
