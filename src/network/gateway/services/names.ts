/** A DNS server for the names of a lab (RFC 1035): with authority for what it knows, and nothing beyond. */
import {
  DNS_FLAG,
  DNS_RCODE,
  DNS_TYPE,
  type DnsQuery,
  type DnsQuestion,
  type DnsRecord,
  dns,
  formatIpv4,
  readDnsQuery,
} from "../../codec/index.ts";
import { DOMAIN } from "./dhcp.ts";

/** Seconds an answer may be kept: leases come and go. */
const TTL = 10;
const OPCODE = 0x7800;
const INTERNET = 1;
const ANY = 255;

/**
 * Answers a query.
 *
 * @param names by name in lower case, with and without the domain
 * @returns undefined for what is no query
 */
export function answerDns(payload: Uint8Array, names: ReadonlyMap<string, number>): Uint8Array | undefined {
  const query = readDnsQuery(payload);
  if (!query || query.flags & DNS_FLAG.response) return undefined;
  const [question] = query.questions;
  // escaped characters are in no name of ours, and a name is written back from its text
  if (query.questions.length !== 1 || !question || question.name.includes("\\")) return refuse(query, DNS_RCODE.format);
  if (query.flags & OPCODE || question.class !== INTERNET) return refuse(query, DNS_RCODE.notImplemented, question);
  const name = question.name.toLowerCase().replace(/\.$/, "");
  const answers = name.endsWith(".in-addr.arpa") ? reverse(question, name, names) : forward(question, name, names);
  if (!answers) return refuse(query, DNS_RCODE.name, question);
  return dns({ id: query.id, flags: flagsOf(query) | DNS_RCODE.none, questions: [question], answers });
}

const flagsOf = ({ flags }: DnsQuery) =>
  DNS_FLAG.response | DNS_FLAG.authoritative | (flags & DNS_FLAG.recursionDesired);

function refuse(query: DnsQuery, rcode: number, question?: DnsQuestion): Uint8Array {
  return dns({ id: query.id, flags: flagsOf(query) | rcode, questions: question ? [question] : [] });
}

/** @returns no answers for a name that has none of the type, undefined for no name */
function forward(
  { name: asked, type }: DnsQuestion,
  name: string,
  names: ReadonlyMap<string, number>,
): DnsRecord[] | undefined {
  const address = names.get(name.endsWith(`.${DOMAIN}`) ? name.slice(0, -DOMAIN.length - 1) : name);
  if (address === undefined) return undefined;
  return type === DNS_TYPE.A || type === ANY ? [{ name: asked, ttl: TTL, type: "A", address }] : [];
}

function reverse(
  { name: asked, type }: DnsQuestion,
  name: string,
  names: ReadonlyMap<string, number>,
): DnsRecord[] | undefined {
  const address = name.split(".").slice(0, 4).reverse().join(".");
  const known = [...names].find(([, number]) => formatIpv4(number) === address);
  if (!known) return undefined;
  return type === DNS_TYPE.PTR || type === ANY
    ? [{ name: asked, ttl: TTL, type: "PTR", target: `${known[0]}.${DOMAIN}` }]
    : [];
}
