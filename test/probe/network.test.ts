import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReadingError } from "../../src/probe/json.ts";
import { NETVIEW_LIMITS, parseGuestFrames, parseGuestNetwork } from "../../src/probe/network/index.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const recorded = (name: string) => readFileSync(new URL(`fixtures/${name}.txt`, import.meta.url), "utf8");

/** A machine with two containers on a bridge, one of them published, after a ping and a page between them. */
const NETWORK = recorded("netview");
const FRAMES = recorded("netview-frames");

const DOCUMENTS = [
  { name: "a reading of the network", document: NETWORK, parse: parseGuestNetwork },
  { name: "a reading of frames", document: FRAMES, parse: parseGuestFrames },
] as const;

/** Every place of a document, as the keys that lead to it. */
function places(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...path, key]))];
}

function replaced(value: Json, [key, ...rest]: readonly string[], by: Json): Json {
  if (key === undefined) return by;
  const copy = structuredClone(value) as Record<string, Json>;
  copy[key] = replaced(copy[key]!, rest, by);
  return copy;
}

/** What parsing a document throws, if anything. */
function thrownBy(parse: (document: string) => unknown, document: string): unknown {
  try {
    parse(document);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Reads what is written and nothing else, or says in a sentence what is wrong. */
function isTotal(parse: (document: string) => unknown, document: string): void {
  const error = thrownBy(parse, document);
  if (error === undefined) return;
  expect(error).toBeInstanceOf(ReadingError);
  expect((error as ReadingError).message).toMatch(/^The reading .*\.$/s);
}

describe("parseGuestNetwork", () => {
  it("reads a machine with two containers on a bridge", () => {
    const { namespaces, truncated } = parseGuestNetwork(NETWORK);
    expect(truncated).toBe(false);
    expect(namespaces.map(({ names, initial }) => [names, initial])).toEqual([
      [[], true],
      [["c1"], false],
      [["c2"], false],
    ]);
    const [host, one] = namespaces;
    expect(host!.forwarding).toEqual({ ipv4: true, ipv6: false });
    expect(host!.links.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "lo loopback",
      "eth0 ",
      "docker0 bridge",
      "veth1 veth",
      "veth2 veth",
    ]);
    const [, card, bridge, veth] = host!.links;
    expect(card!.permanent).toBe("02:00:00:00:00:51");
    expect(veth).toMatchObject({ master: bridge!.index, peerNamespace: one!.id, portState: "forwarding" });
    expect(one!.processes.map(({ name }) => name)).toEqual(["httpd"]);
    expect(host!.rules.map(({ rule }) => rule)).toContain("-s 172.17.0.0/16 ! -o docker0 -j MASQUERADE");
  });

  it("refuses an interface or a namespace that is listed twice", () => {
    const document = JSON.parse(NETWORK) as { namespaces: { links: unknown[] }[] };
    document.namespaces[0]!.links.push(document.namespaces[0]!.links[0]);
    expect(() => parseGuestNetwork(JSON.stringify(document))).toThrow("lists the same interface twice");
    const twice = JSON.parse(NETWORK) as { namespaces: unknown[] };
    twice.namespaces.push(twice.namespaces[1]);
    expect(() => parseGuestNetwork(JSON.stringify(twice))).toThrow("lists the same namespace twice");
  });
});

describe("parseGuestFrames", () => {
  it("reads frames in the order of their numbers, with what they held", () => {
    const { frames, next, lost } = parseGuestFrames(FRAMES);
    expect(lost).toBe(0);
    expect(frames.length).toBe(next - 1);
    for (const { length, bytes } of frames) {
      expect(Buffer.from(bytes, "base64").length).toBe(Math.min(length, 320));
    }
  });

  it("refuses frames whose numbers do not rise", () => {
    const document = JSON.parse(FRAMES) as { frames: { seq: number }[]; next: number };
    document.frames[3]!.seq = document.frames[2]!.seq;
    expect(() => parseGuestFrames(JSON.stringify(document))).toThrow("not in the order of their numbers");
  });
});

describe.each(DOCUMENTS)("$name", ({ document, parse }) => {
  const original = JSON.parse(document) as Json;
  const everywhere = places(original);

  it("is read or refused with a sentence, whatever stands in one of its places", () => {
    const anything = fc.oneof(fc.jsonValue() as fc.Arbitrary<Json>, fc.constant(-1), fc.constant("x".repeat(5000)));
    fc.assert(
      fc.property(fc.constantFrom(...everywhere), anything, (path, by) =>
        isTotal(parse, JSON.stringify(replaced(original, path, by))),
      ),
      { numRuns: 300 },
    );
  });

  it("is refused when it is cut short, and with a sentence for any text", () => {
    fc.assert(
      fc.property(fc.nat(document.trimEnd().length - 1), (end) => {
        expect(thrownBy(parse, document.slice(0, end))).toBeInstanceOf(ReadingError);
      }),
      { numRuns: 100 },
    );
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => isTotal(parse, text)));
  });

  it("is refused when it is longer than anything the tool prints", () => {
    expect(() => parse(`${document}${" ".repeat(NETVIEW_LIMITS.characters)}`)).toThrow(ReadingError);
  });
});

describe("lists in a reading", () => {
  it.each([
    ["namespaces", NETVIEW_LIMITS.namespaces],
    ["links", NETVIEW_LIMITS.links],
    ["routes", NETVIEW_LIMITS.routes],
    ["rules", NETVIEW_LIMITS.rules],
  ] as const)("of %s are bounded", (name, most) => {
    const document = JSON.parse(NETWORK) as Record<string, unknown[]> & { namespaces: Record<string, unknown[]>[] };
    const holder = name === "namespaces" ? document : document.namespaces[0]!;
    holder[name] = Array.from({ length: most + 1 }, () => holder[name]![0]);
    expect(() => parseGuestNetwork(JSON.stringify(document))).toThrow(`a list of at most ${most} entries`);
  });
});
