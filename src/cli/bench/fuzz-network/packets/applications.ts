import {
  addressOption,
  DHCP_OPTION,
  DNS_FLAG,
  DNS_TYPE,
  type DnsData,
  dhcp,
  dns,
  formatIpv6,
  messageType,
  secondsOption,
  textOption,
} from "../../../../network/codec/index.ts";
import type { Random } from "../../fuzz/random.ts";
import { hex, hostName, ipv4Address, ipv6Bytes, type Made, mac, word } from "./made.ts";

const MESSAGES = ["", "Discover", "Offer", "Request", "Decline", "ACK", "NAK", "Release", "Inform"];

export function dhcpMessage(random: Random): Made {
  const [client, type, xid, seconds] = [mac(random), 1 + random.below(8), random.word(), random.below(86_400)];
  const [yours, router, mask] = [ipv4Address(random), ipv4Address(random), "255.255.255.0"];
  const name = hostName(random);
  const options = [
    messageType(type),
    addressOption(DHCP_OPTION.mask, mask),
    addressOption(DHCP_OPTION.router, router),
    secondsOption(DHCP_OPTION.lease, seconds),
    textOption(DHCP_OPTION.hostName, name),
  ];
  const op = random.pick(["request", "reply"] as const);
  const fields = {
    Operation: op === "request" ? "boot request (1)" : "boot reply (2)",
    "Transaction ID": hex(xid, 8),
    "Client MAC": client,
    "Your IP": yours,
    "Option: Message type (53)": `${MESSAGES[type]} (${type})`,
    "Option: Subnet mask (1)": mask,
    "Option: Router (3)": router,
    "Option: Lease time (51)": `${seconds} s`,
    "Option: Host name (12)": name,
  };
  return {
    bytes: dhcp({ op, xid, broadcast: random.chance(2), yours, mac: client, options }),
    expected: [{ layer: "dhcp", fields }],
    whole: true,
  };
}

/** A query, or an answer with one record of each section. */
export function dnsMessage(random: Random): Made {
  const [id, name] = [word(random), hostName(random)];
  const [type, number] = random.pick(Object.entries(DNS_TYPE));
  const question = { name, type: number, class: 1 };
  const fields = { "Transaction ID": hex(id), Question: `${name} ${type}` };
  if (random.chance(2)) {
    const bytes = dns({ id, flags: DNS_FLAG.recursionDesired, questions: [question] });
    return { bytes, expected: [{ layer: "dns", fields: { ...fields, Kind: "query" } }], whole: true };
  }
  const records = [0, 1, 2].map(() => {
    const { data, text } = recordOf(random, name);
    return { record: { name: `${hostName(random)}.${name}`, ttl: random.below(86_400), ...data }, text };
  });
  const [answer, authority, additional] = records.map(({ record, text }) => `${record.name} ${record.type} ${text}`);
  const bytes = dns({
    id,
    flags: DNS_FLAG.response | DNS_FLAG.recursionAvailable,
    questions: [question],
    answers: [records[0]!.record],
    authorities: [records[1]!.record],
    additionals: [records[2]!.record],
  });
  const read = { ...fields, Kind: "response", Answer: answer!, Authority: authority!, Additional: additional! };
  return { bytes, expected: [{ layer: "dns", fields: read }], whole: true };
}

/** @param name one that is there already, for pointers to lead to */
function recordOf(random: Random, name: string): { readonly data: DnsData; readonly text: string } {
  const target = random.chance(2) ? name : `${hostName(random)}.${name}`;
  const [first, second, third] = [word(random), word(random), word(random)];
  switch (random.pick(["A", "AAAA", "CNAME", "NS", "PTR", "MX", "TXT", "SRV", "SOA"] as const)) {
    case "A": {
      const address = ipv4Address(random);
      return { data: { type: "A", address }, text: address };
    }
    case "AAAA": {
      const address = formatIpv6(ipv6Bytes(random));
      return { data: { type: "AAAA", address }, text: address };
    }
    case "CNAME":
      return { data: { type: "CNAME", target }, text: target };
    case "NS":
      return { data: { type: "NS", target }, text: target };
    case "PTR":
      return { data: { type: "PTR", target }, text: target };
    case "MX":
      return { data: { type: "MX", preference: first, exchange: target }, text: `${first} ${target}` };
    case "TXT":
      return { data: { type: "TXT", texts: ["v=1", name] }, text: `"v=1" "${name}"` };
    case "SRV":
      return {
        data: { type: "SRV", priority: first, weight: second, port: third, target },
        text: `${first} ${second} ${third} ${target}`,
      };
    case "SOA": {
      const [serial, refresh, retry, expire, minimum] = [random.word(), first, second, third, 60];
      const mailbox = `admin.${name}`;
      const data = { type: "SOA", primary: target, mailbox, serial, refresh, retry, expire, minimum } as const;
      return { data, text: `${target} ${mailbox} ${serial} ${refresh} ${retry} ${expire} ${minimum}` };
    }
  }
}
