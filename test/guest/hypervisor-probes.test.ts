import { afterAll, describe, expect, it, vi } from "vitest";
import { createNodeHost } from "../../src/cli/node-host.ts";
import { machineSpec } from "../../src/machine/index.ts";
import type {
  Domain,
  ExitCounts,
  ExitTrace,
  Frames,
  Info,
  NestedWalk,
  PageTableMap,
  RingState,
  Translation,
  Verification,
} from "../../src/probe/hypervisor/index.ts";

const host = createNodeHost();
const started: string[] = [];

afterAll(async () => (await host).close());

/** A machine with the hypervisor, run to its shell's prompt; its probes are asked as a lab asks them. */
async function machine(...options: string[]) {
  const spec = machineSpec({ name: `m${started.length}`, image: "hypervisor", memory: 32, options });
  started.push(spec.name);
  const api = await host;
  await api.start(spec, { start: "boot" }, () => {});
  const probe = async <T>(name: string, args: Readonly<Record<string, unknown>> = {}) =>
    (await api.probe(spec.name, name, args)) as T;
  return { api, name: spec.name, probe };
}

type Machine = Awaited<ReturnType<typeof machine>>;

const verdictsOf = (map: PageTableMap) =>
  map.tables.flatMap(({ entries }) => entries.map(({ verdict }) => verdict.kind));

/** Every entry the trees have, a few slots at a time. */
async function everyVerdict({ probe }: Machine): Promise<string[]> {
  const { directory } = await probe<PageTableMap>("paging.map", { domain: 0 });
  const tables = await Promise.all(
    directory.map(({ index }) => probe<PageTableMap>("paging.map", { domain: 0, from: index, count: 1 })),
  );
  return tables.flatMap(verdictsOf);
}

/** Goes through some exits while the guest forks and maps, and looks at everything at each. */
async function look(at: Machine, exits: number) {
  const work = at.api.run(at.name, "sh -c ls; free; ps", { limit: 0 });
  const seen = { verdicts: new Set<string>(), recomposed: 0, faults: 0, own: 0, walks: new Set<string>() };
  for (let exit = 0; exit < exits; exit++) {
    await at.api.travel(at.name, { to: "next" });
    const [domain] = await at.probe<Domain[]>("hv.domains");
    const last = (await at.probe<ExitTrace>("exits.trace", { count: 1 })).exits[0]!;
    const walk = await at.probe<Translation>("paging.walk", { domain: 0, address: last.eip });
    seen.walks.add(walk.verdict.kind);
    if (exit % 40 === 0) {
      const { own, recomposed } = await at.probe<Verification>("hv.verify");
      seen.own += own.faults;
      seen.faults += recomposed.faults;
      seen.recomposed += recomposed.entries;
      for (const verdict of await everyVerdict(at)) seen.verdicts.add(verdict);
    }
    expect(domain!.state).not.toBe("dead");
  }
  await at.api.resume(at.name);
  await work;
  return seen;
}

describe.each([
  ["shadow page tables", ["mode=shadow", "verify=1"], "agrees"],
  ["shadow page tables out of sync", ["mode=shadow", "oos=1", "verify=1"], "agrees"],
  ["the virtual TLB", ["mode=vtlb", "verify=1"], "agrees"],
  ["direct paging", ["mode=pv", "verify=1"], "direct"],
] as const)("the probes of a guest under %s", (_mode, options, normal) => {
  it("find both trees in step at every exit they look at, and the hypervisor of the same opinion", async () => {
    const at = await machine(...options);
    const seen = await look(at, 120);
    expect([seen.faults, seen.own]).toEqual([0, 0]);
    expect(seen.recomposed).toBeGreaterThan(0);
    expect([...seen.verdicts]).not.toContain("disagrees");
    expect([...seen.verdicts]).toContain(normal);
    expect([...seen.walks]).toContain(normal);
  });

  it("add up: exits by reason, records in order, frames by owner", async () => {
    const { api, name, probe } = await machine(...options);
    await api.travel(name, { to: "next" });
    const [info, counts] = [await probe<Info>("hv.info"), await probe<ExitCounts>("exits.counts")];
    expect(counts.reasons.reduce((sum, { count }) => sum + count, 0)).toBe(info.exits);
    const { exits, total } = await probe<ExitTrace>("exits.trace", { count: 200 });
    expect(total).toBe(info.exits);
    expect(exits.map(({ exit }) => exit)).toEqual(exits.map((_, index) => info.exits - exits.length + index));
    const frames = await probe<Frames>("hv.frames");
    expect(frames.runs.reduce((sum, run) => sum + run.count, 0)).toBe(info.frames);
  });
});

/** Faults the recomposition sees; 0 before there is a hypervisor. */
async function faultsOf(name: string): Promise<number> {
  const api = await host;
  const reading = await api.probe(name, "hv.verify", {}).catch(() => undefined);
  return (reading as Verification | undefined)?.recomposed.faults ?? 0;
}

describe("the independent recomposition", () => {
  // Some of these never come to a prompt: they are looked at while they start.
  it.each([
    ["forgets the shadow of an entry that is cleared", 1],
    ["leaves a page table writable", 2],
    ["does not tell the guest that a page is dirty", 4],
    ["makes pages writable before they are dirty", 5],
    ["keeps the shadow of the last address space", 7],
    ["lets user mode through every directory entry", 8],
  ])("finds out a hypervisor that %s", async (_what, bug) => {
    const options = ["build=exercises", "mode=shadow", `bug=${bug}`];
    const spec = machineSpec({ name: `bug${bug}`, image: "hypervisor", memory: 32, options });
    const api = await host;
    const work = async () => {
      await api.start(spec, { start: "boot" }, () => {});
      await api.run(spec.name, "bench map 4");
    };
    const working = work().catch(() => undefined);
    await vi.waitUntil(async () => (await faultsOf(spec.name)) > 0, { timeout: 90_000 });
    await api.stop(spec.name);
    await working;
  });
});

describe("the ring between two domains", () => {
  it.each(["shadow", "pv"])("is found by its grant and seen at work under mode=%s", async (mode) => {
    const { api, name, probe } = await machine(`mode=${mode}`, "dom1=backend");
    await api.pause(name); // the work is not done before it is looked at
    const work = api.run(name, "io ring 64 8", { limit: 0 });
    const states = new Set<number>();
    await vi.waitUntil(
      async () => {
        await api.travel(name, { to: "next" });
        const [ring] = await probe<RingState[]>("ring.state");
        if (!ring || ring.reqProd === 0) return false;
        expect([ring.granter, ring.mapper]).toEqual([0, 1]);
        expect(ring.entries.filter(({ holds }) => holds === "request")).toHaveLength(ring.pending);
        states.add(ring.pending);
        return ring.pending === 0 && ring.rspProd >= 64;
      },
      { timeout: 60_000, interval: 0 },
    );
    expect(Math.max(...states)).toBe(8);
    await api.resume(name);
    expect((await work).exit).toBe(0);
  });
});

describe("a computed nested walk over a running guest's tables", () => {
  it("makes 8 references with two levels and 24 with four, and ends where the guest's own walk ends", async () => {
    const { probe } = await machine("mode=shadow");
    const address = "0xc0100000";
    const [two, four] = await Promise.all(
      [2, 4].map((levels) => probe<NestedWalk>("paging.nested", { domain: 0, address, levels })),
    );
    const { ma } = await probe<Translation>("paging.walk", { domain: 0, address });
    expect([two!.references.length, four!.references.length]).toEqual([8, 24]);
    expect([two!.ma, four!.ma]).toEqual([ma, ma]);
  });
});

describe("a guest alone on the machine", () => {
  it("is walked by the processor's own registers", async () => {
    const { probe } = await machine("mode=native");
    const walk = await probe<Translation>("paging.walk", { address: "0xc0100000" });
    expect([walk.mode, walk.ma, walk.shadow]).toEqual(["native", "0x00100000", undefined]);
  });
});
