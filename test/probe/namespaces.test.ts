import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReadingError } from "../../src/probe/json.ts";
import { KINDS, parseNamespaces, READING_LIMITS } from "../../src/probe/namespaces.ts";
import { CONTAINER, CONTAINER_INIT, container, FRESH, fresh } from "./readings.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

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

const thrownBy = (document: string): unknown => {
  try {
    parseNamespaces(document);
  } catch (error) {
    return error;
  }
  return undefined;
};

describe("parseNamespaces", () => {
  it("reads a machine on which every process is where process 1 is", () => {
    const reading = fresh();
    expect(reading.processes.map(({ name }) => name)).toEqual(["init", "ringside-agent", "sh"]);
    expect(reading.namespaces.map(({ kind }) => kind)).toEqual([...KINDS]);
    expect(reading.kernelThreads).toBeGreaterThan(10);
  });

  it("reads what each namespace of a container holds", () => {
    const reading = container();
    const init = reading.processes.find(({ pid }) => pid === CONTAINER_INIT)!;
    const facts = KINDS.map((kind) => reading.namespaces.find((one) => one.inode === init.namespaces[kind])!.facts);
    expect(facts).toMatchObject([
      { kind: "cgroup", root: "/ct" },
      { kind: "ipc", queues: [] },
      { kind: "mnt" },
      { kind: "net", interfaces: [{ name: "lo" }, { name: "eth0", kind: "veth", peerElsewhere: true }] },
      { kind: "pid", level: 1, init: CONTAINER_INIT },
      { kind: "user", uids: [{ inside: 0, outside: 1000, count: 1 }] },
      { kind: "uts", hostname: "sloop" },
      { kind: "unread" },
    ]);
    expect(reading.views[init.view!]!.mounts.map(({ point }) => point)).toEqual(["/", "/proc"]);
  });

  it("reads a namespace that a file keeps without a process", () => {
    const kept = container().namespaces.filter((namespace) => namespace.kept !== undefined);
    expect(kept).toMatchObject([{ kind: "net", via: undefined, kept: "/run/netns/kept" }]);
  });

  it("refuses a document cut short anywhere, and says so with an error of its own", () => {
    const lengths = fc.integer({ min: 0, max: CONTAINER.trimEnd().length - 1 });
    fc.assert(fc.property(lengths, (length) => thrownBy(CONTAINER.slice(0, length)) instanceof ReadingError));
  });

  it("answers any text and any JSON with a reading or with that error", () => {
    const documents = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify({ nsview: 1, value })),
    );
    fc.assert(
      fc.property(documents, (document) =>
        [undefined, ReadingError].includes(thrownBy(document)?.constructor as never),
      ),
    );
  });

  it("answers the same when one value of a real document is another", () => {
    const real = JSON.parse(CONTAINER) as Json;
    const spoiled = fc.tuple(fc.constantFrom(...places(real)), fc.jsonValue() as fc.Arbitrary<Json>);
    fc.assert(
      fc.property(spoiled, ([path, value]) => {
        const error = thrownBy(JSON.stringify(replaced(real, path, value)));
        return error === undefined || error instanceof ReadingError;
      }),
    );
  });

  it("names the place that is wrong", () => {
    const wrong = FRESH.replace('"pid":27', '"pid":"many"');
    expect(() => parseNamespaces(wrong)).toThrow("processes[1].pid should be a whole number");
  });

  it("refuses two processes with one number", () => {
    expect(() => parseNamespaces(FRESH.replace('"pid":27', '"pid":28'))).toThrow("the same process twice");
  });

  it("refuses a view that is not there", () => {
    expect(() => parseNamespaces(FRESH.replace('"view":0}', '"view":9}'))).toThrow("does not hold");
  });

  it("refuses more processes than the tool prints", () => {
    const flood = JSON.parse(FRESH) as { processes: { pid: number }[] };
    const one = flood.processes[0]!;
    flood.processes = Array.from({ length: READING_LIMITS.processes + 1 }, (_, pid) => ({ ...one, pid: pid + 1 }));
    expect(() => parseNamespaces(JSON.stringify(flood))).toThrow(ReadingError);
  });

  it("refuses a document that is too long without parsing it", () => {
    expect(() => parseNamespaces(" ".repeat(READING_LIMITS.characters + 1))).toThrow("characters");
  });
});
