import type { LinkPort } from "../link.ts";
import type { GatewaySpec, PortSpec } from "../link-spec.ts";
import type { NatReport } from "../reports.ts";

/** What a gateway is given by the fabric it is in. */
export interface GatewaySurroundings {
  /** Milliseconds of the fabric's clock. */
  now(): number;
  /** Calls back in so many milliseconds. @returns what calls it off */
  later(milliseconds: number, run: () => void): () => void;
  /** A new end of a link of the fabric. @throws Error with a sentence when there is no room for one */
  port(link: string, spec: PortSpec): LinkPort;
  /** A number from 0 up to 1, from the fabric's own seed. */
  random(): number;
}

/** A machine in the fabric, plugged into one link, or into two that it routes between. */
export interface Gateway {
  readonly mac: string;
  /** Its translations; undefined where it makes none. */
  nat(): NatReport | undefined;
  /** Unplugs it. */
  close(): void;
}

export type MakeGateway = (link: string, spec: GatewaySpec, around: GatewaySurroundings) => Gateway;
