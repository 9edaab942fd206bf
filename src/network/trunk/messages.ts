/** What is said over a cable besides frames: plain data, and whatever else comes is not understood. */
import type { PortSpec } from "../link-spec.ts";
import { parseMac } from "../mac.ts";

/** From a host. `end` is a number of the host's choice, used once. */
export type FromHost =
  | {
      readonly say: "open";
      readonly end: number;
      readonly link: string;
      readonly spec: PortSpec;
      readonly offloads: boolean;
    }
  | { readonly say: "offloads"; readonly end: number; readonly on: boolean }
  | { readonly say: "close"; readonly end: number };

/** From the network. */
export type FromNetwork =
  /** The links it has, first of all and whenever there are more. */
  | { readonly say: "links"; readonly links: readonly KnownLink[] }
  | { readonly say: "carrier"; readonly end: number; readonly carrier: boolean }
  /** The end cannot be opened. */
  | { readonly say: "refused"; readonly end: number; readonly why: string };

/** Bytes of the largest IP packet of a link that says nothing else. */
export const USUAL_MTU = 1500;

export interface KnownLink {
  readonly name: string;
  readonly mtu: number;
}

/** Cards of a machine, links, characters of a name or a sentence: bounds on what is taken from the other side. */
const MOST = { nics: 16, links: 256, name: 64, sentence: 1000 } as const;

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isEnd = (value: unknown): value is number => isWhole(value, 1, 0xffff_ffff);
const isText = (value: unknown, most: number): value is string => typeof value === "string" && value.length <= most;
const isWhole = (value: unknown, least: number, most: number): value is number =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
const isVlan = (value: unknown): value is number => isWhole(value, 1, 4094);

/** @returns undefined for what no host says */
export function readFromHost(message: unknown): FromHost | undefined {
  if (!isFields(message) || !isEnd(message.end)) return undefined;
  const { say, end } = message;
  if (say === "close") return { say, end };
  if (say === "offloads") return typeof message.on === "boolean" ? { say, end, on: message.on } : undefined;
  const { link, offloads } = message;
  const spec = readPortSpec(message.spec);
  if (say !== "open" || !spec || !isText(link, MOST.name) || typeof offloads !== "boolean") return undefined;
  return { say, end, link, spec, offloads };
}

function readPortSpec(given: unknown): PortSpec | undefined {
  if (!isFields(given)) return undefined;
  const { machine, nic, mac, vlan, vlans } = given;
  if (!isText(machine, MOST.name) || !isWhole(nic, 0, MOST.nics - 1)) return undefined;
  if (!isText(mac, 17) || !parseMac(mac)) return undefined;
  if (vlan !== undefined && !isVlan(vlan)) return undefined;
  if (vlans !== undefined && !(Array.isArray(vlans) && vlans.length <= 4094 && vlans.every(isVlan))) return undefined;
  return { machine, nic, mac, ...(vlan !== undefined && { vlan }), ...(vlans !== undefined && { vlans: [...vlans] }) };
}

/** @returns undefined for what the network does not say */
export function readFromNetwork(message: unknown): FromNetwork | undefined {
  if (!isFields(message)) return undefined;
  const { say, end, links, carrier, why } = message;
  if (say === "links") {
    const known = Array.isArray(links) && links.length <= MOST.links ? links.map(readLink) : [undefined];
    return known.includes(undefined) ? undefined : { say, links: known as KnownLink[] };
  }
  if (!isEnd(end)) return undefined;
  if (say === "carrier") return typeof carrier === "boolean" ? { say, end, carrier } : undefined;
  return say === "refused" && isText(why, MOST.sentence) ? { say, end, why } : undefined;
}

function readLink(given: unknown): KnownLink | undefined {
  if (!isFields(given) || !isText(given.name, MOST.name) || !isWhole(given.mtu, 68, 65_535)) return undefined;
  return { name: given.name, mtu: given.mtu };
}
