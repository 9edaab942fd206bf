import { describe, expect, it } from "vitest";
import { makePicture } from "../../../src/views/network/picture/make.ts";
import type { NetworkPicture, Trail } from "../../../src/views/network/picture.ts";
import { TrailBook } from "../../../src/views/network/trails/book.ts";
import { ClockOffset, crossingsOf, learnFrom } from "../../../src/views/network/trails/clock.ts";
import { Surroundings } from "../../../src/views/network/trails/surroundings.ts";
import { Topology } from "../../../src/views/network/trails/topology.ts";
import { type Recorded, recorded } from "./recorded.ts";

function pictureOf({ machines, counters, fdb, domains, guests }: Recorded): NetworkPicture {
  return makePicture({
    machines: machines.map((machine) => ({ ...machine, running: true })),
    guests: new Map(Object.entries(guests).map(([name, { network }]) => [name, network])),
    counters,
    fdb: fdb.entries,
    domains: new Map(domains),
  });
}

/** Reads everything as a page does: links first, then guests; clocks are learned on the way. */
function trailsOf(all: Recorded): readonly Trail[] {
  const picture = pictureOf(all);
  const entries = Object.entries(all.guests);
  const clocks = new Map(entries.map(([machine]) => [machine, new ClockOffset()]));
  for (const [machine, { asked, answered, network }] of entries) clocks.get(machine)!.add(asked, answered, network.at);
  const surroundings = () =>
    new Surroundings({
      topology: new Topology(picture),
      now: Math.max(...entries.map(([, { answered }]) => answered)),
      offsets: clocks,
      watched: new Map(entries.map(([machine, { answered }]) => [machine, { from: 0, to: answered }])),
      readings: new Map(entries.map(([machine, { network, answered }]) => [machine, [{ at: answered, network }]])),
    });
  const book = new TrailBook();
  for (const { frames } of Object.values(all.links)) book.addFabric(frames, surroundings());
  for (const [machine, { frames }] of entries) book.addGuest(machine, frames.frames, surroundings());
  for (const crossing of book.read(surroundings()).trails.flatMap(crossingsOf)) {
    learnFrom(crossing, (machine) => clocks.get(machine));
  }
  return book.read(surroundings()).trails;
}

/** Places by the names people use: `dom0:xenbr0 in`, `physical dom0/0 out`. */
function way(picture: NetworkPicture, { hops }: Trail): readonly string[] {
  const names = new Map(
    picture.machines.flatMap(({ name, namespaces }) =>
      (namespaces ?? []).flatMap(({ label, namespace, interfaces }) =>
        interfaces.map(({ id, link }) => [id, `${name}${namespace.initial ? "" : `/${label}`}:${link.name}`] as const),
      ),
    ),
  );
  return hops.map(({ at, direction }) => `${names.get(at) ?? at.replace(/^port:([^:]+):/, "$1 ")} ${direction}`);
}

const find = (trails: readonly Trail[], summary: RegExp) => trails.find((trail) => summary.test(trail.summary))!;

describe("a Xen bridge, recorded", () => {
  const all = recorded("xen-bridge");
  const picture = pictureOf(all);
  const trails = trailsOf(all);

  it("has a cable to the renamed card, and rings to both vifs, one of them renamed", () => {
    const name = (id: string) => {
      const boxes = picture.machines.flatMap(({ name, namespaces }) =>
        namespaces!.flatMap(({ interfaces }) =>
          interfaces.map((box) => ({ id: box.id, text: `${name}:${box.link.name}` })),
        ),
      );
      return boxes.find((box) => box.id === id)?.text ?? id;
    };
    const edges = picture.edges.map(({ kind, ends }) => `${kind} ${ends.map(name).join(" ")}`);
    expect(edges).toEqual(
      expect.arrayContaining([
        "cable dom0:peth0 port:physical:dom0/0",
        "cable outside:eth0 port:physical:outside/0",
        "ring domU1:eth0 dom0:vif1.0",
        "ring domU2:eth0 dom0:guest2",
        "port dom0:peth0 dom0:xenbr0",
        "port dom0:vif1.0 dom0:xenbr0",
        "port dom0:guest2 dom0:xenbr0",
      ]),
    );
    expect(edges).toHaveLength(7);
  });

  it("passes an echo from netfront through netback and the bridge to the wire, and its MAC is the guest's own", () => {
    const trail = find(trails, /echo request/);
    expect(way(picture, trail)).toEqual([
      "domU1:eth0 out",
      "dom0:vif1.0 in",
      "dom0:peth0 out",
      "physical dom0/0 in",
      "physical outside/0 out",
      "outside:eth0 in",
    ]);
    expect(trail.hops.flatMap(({ changes }) => changes)).toEqual([]);
    expect(trail.hops.map(({ decided }) => decided.map(({ table, how }) => `${table} ${how}`))).toEqual([
      ["route computed", "neighbour computed"],
      [],
      ["fdb computed"],
      [],
      ["fdb recorded"],
      [],
    ]);
    expect(trail.lost).toBeUndefined();
  });

  it("floods the question for an address to every port", () => {
    const trail = find(trails, /who-has 10\.7\.0\.9/);
    expect(way(picture, trail)[0]).toBe("domU1:eth0 out");
    expect([...way(picture, trail)].sort()).toEqual(
      [
        "domU1:eth0 out",
        "dom0:vif1.0 in",
        "dom0:xenbr0 in",
        "dom0:guest2 out",
        "dom0:peth0 out",
        "domU2:eth0 in",
        "physical dom0/0 in",
        "physical outside/0 out",
        "outside:eth0 in",
      ].sort(),
    );
    expect(trail.hops.filter(({ from }) => from === undefined)).toHaveLength(1);
    expect(trail.lost).toBeUndefined();
  });
});

describe("a published port and a masqueraded container, recorded", () => {
  const all = recorded("docker-nat");
  const picture = pictureOf(all);
  const trails = trailsOf(all);
  const tables = (trail: Trail) => trail.hops.map(({ decided }) => decided.map(({ table }) => table).join(" "));

  it("rewrites where a connection goes, by a rule for its first segment and by its entry from then on", () => {
    const [syn, data] = [find(trails, /:8000 \[SYN\]/), find(trails, /:8000 \[PSH, ACK\]/)];
    const expected = [
      "left:eth0 out",
      "lan left/0 in",
      "lan right/0 out",
      "right:eth0 in",
      "right:docker0 out",
      "right:veth1 out",
      "right/web:eth0 in",
    ];
    expect([way(picture, syn), way(picture, data)]).toEqual([expected, expected]);
    expect(tables(syn)[4]).toBe("conntrack rule route neighbour");
    expect(tables(data)[4]).toBe("conntrack route neighbour");
    expect(syn.hops[4]!.decided.find(({ table }) => table === "rule")!.text).toBe(
      "-t nat -A PREROUTING -p tcp -m tcp --dport 8000 -j DNAT --to-destination 172.17.0.2:80",
    );
    expect(syn.hops[4]!.changes.map(({ field, before, after }) => `${field} ${before} ${after}`)).toEqual(
      expect.arrayContaining(["ttl 64 63", "address-destination 10.0.0.2 172.17.0.2", "port-destination 8000 80"]),
    );
  });

  it("turns answers back by the connection's entry", () => {
    const trail = find(trails, /172\.17\.0\.2:80 → .*\[SYN, ACK\]/);
    expect(way(picture, trail)).toEqual([
      "right/web:eth0 out",
      "right:veth1 in",
      "right:docker0 in",
      "right:eth0 out",
      "lan right/0 in",
      "lan left/0 out",
      "left:eth0 in",
    ]);
    expect(tables(trail)[3]).toBe("conntrack route neighbour");
    expect(trail.hops[3]!.changes.map(({ field }) => field)).toEqual(
      expect.arrayContaining(["address-source", "port-source", "ttl"]),
    );
  });

  it("masquerades what a container sends by itself", () => {
    const trail = find(trails, /echo request 172\.17\.0\.2/);
    expect(tables(trail)[3]).toBe("conntrack rule route neighbour");
    expect(trail.hops[3]!.changes.find(({ field }) => field === "address-source")).toEqual({
      field: "address-source",
      before: "172.17.0.2",
      after: "10.0.0.2",
    });
    expect(trail.lost).toBeUndefined();
  });

  it("loses nothing", () => {
    expect(trails.filter(({ lost }) => lost).map(({ summary }) => summary)).toEqual([]);
  });
});
