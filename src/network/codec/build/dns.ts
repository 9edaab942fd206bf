import { DNS_TYPE, type DnsQuestion } from "../messages/dns.ts";
import { type Address, addressBytes, asciiBytes, Writer } from "./writer.ts";

/** Offsets a pointer of 14 bits reaches (RFC 1035, 4.1.4). */
const REACH = 0x4000;

/** What a record says, by its type (RFC 1035, 3.3; AAAA: RFC 3596; SRV: RFC 2782). */
export type DnsData =
  | { readonly type: "A" | "AAAA"; readonly address: Address }
  | { readonly type: "PTR" | "CNAME" | "NS"; readonly target: string }
  | { readonly type: "MX"; readonly preference: number; readonly exchange: string }
  | { readonly type: "TXT"; readonly texts: readonly string[] }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | {
      readonly type: "SOA";
      readonly primary: string;
      readonly mailbox: string;
      readonly serial: number;
      /** Seconds. */
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
    };

export type DnsRecord = { readonly name: string /** Seconds. */; readonly ttl: number } & DnsData;

export interface DnsMessage {
  readonly id: number;
  /** All 16 bits: DNS_FLAG, opcode and rcode. */
  readonly flags: number;
  readonly questions?: readonly DnsQuestion[];
  readonly answers?: readonly DnsRecord[];
  readonly authorities?: readonly DnsRecord[];
  readonly additionals?: readonly DnsRecord[];
}

/**
 * A message for UDP (RFC 1035, 4.1), each name's known end written as a pointer.
 *
 * @throws RangeError for a name that cannot be sent
 */
export function dns(message: DnsMessage): Uint8Array {
  const { questions = [], answers = [], authorities = [], additionals = [] } = message;
  const writer = new Writer().word(message.id, message.flags);
  writer.word(questions.length, answers.length, authorities.length, additionals.length);
  const names: Names = { writer, known: new Map() };
  for (const { name, type, class: dnsClass } of questions) {
    writeName(names, name);
    writer.word(type, dnsClass);
  }
  for (const record of [...answers, ...authorities, ...additionals]) writeRecord(names, record);
  return writer.done();
}

interface Names {
  readonly writer: Writer;
  /** Where a name that was written begins. */
  readonly known: Map<string, number>;
}

/** @param compress a name that later types brought is written whole (RFC 3597, 4) */
function writeName({ writer, known }: Names, name: string, compress = true): void {
  const labels = name === "." || name === "" ? [] : name.replace(/\.$/, "").split(".");
  for (let index = 0; index < labels.length; index++) {
    const rest = labels.slice(index).join(".");
    const before = compress ? known.get(rest) : undefined;
    if (before !== undefined) {
      writer.word(0xc000 | before);
      return;
    }
    if (writer.length < REACH) known.set(rest, writer.length);
    const label = asciiBytes(labels[index]!);
    if (label.length < 1 || label.length > 63 || rest.length > 253) throw new RangeError(`\`${name}\` is no name.`);
    writer.byte(label.length).bytes(label);
  }
  writer.byte(0);
}

function writeRecord(names: Names, record: DnsRecord): void {
  const { writer } = names;
  writeName(names, record.name);
  writer.word(DNS_TYPE[record.type], 1).long(record.ttl).word(0);
  const data = writer.length;
  writeData(names, record);
  writer.setWord(data - 2, writer.length - data);
}

function writeData(names: Names, data: DnsData): void {
  const { writer } = names;
  switch (data.type) {
    case "A":
    case "AAAA":
      writer.bytes(addressBytes(data.address));
      return;
    case "PTR":
    case "CNAME":
    case "NS":
      writeName(names, data.target);
      return;
    case "MX":
      writer.word(data.preference);
      writeName(names, data.exchange);
      return;
    case "TXT":
      for (const text of data.texts) writer.byte(Math.min(255, text.length)).bytes(asciiBytes(text).subarray(0, 255));
      return;
    case "SRV":
      writer.word(data.priority, data.weight, data.port);
      writeName(names, data.target, false);
      return;
    case "SOA":
      writeName(names, data.primary);
      writeName(names, data.mailbox);
      writer.long(data.serial, data.refresh, data.retry, data.expire, data.minimum);
  }
}
