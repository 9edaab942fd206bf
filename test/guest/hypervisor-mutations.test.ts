import { afterAll, describe, expect, it } from "vitest";
import type { Domain, Verification } from "../../src/probe/hypervisor/index.ts";
import { guests, type TestGuest } from "./guest.ts";

/**
 * The seeded faults of the build for exercises, one at a time (images/hypervisor/hv/hv.h, enum bug): with any of them
 * something must be noticed, and with none of them nothing.
 */

interface Mutation {
  readonly name: string;
  readonly options: readonly string[];
  /** In the first domain's shell; undefined where the machine runs something by itself and ends. */
  readonly command?: string;
}

const STRESS = "stress 1 400";

/** In the order of enum bug, from 1. */
const MUTATIONS: readonly Mutation[] = [
  { name: "skipped resync", options: ["mode=shadow"], command: STRESS },
  { name: "no flush after write-protecting", options: ["mode=shadow"], command: STRESS },
  { name: "lost wake-up", options: ["mode=shadow"], command: "io wake 40" },
  { name: "dirty bit lost", options: ["mode=shadow"], command: STRESS },
  { name: "writable too early", options: ["mode=shadow"], command: STRESS },
  { name: "missing reference", options: ["mode=pv"], command: "hostile" },
  { name: "stale CR3", options: ["mode=shadow"], command: STRESS },
  { name: "user bit", options: ["mode=shadow", "--", "psepages"], command: "hostile" },
  { name: "grant mapped after its end", options: ["mode=shadow", "dom1=backend", "--", "run0=io-ring-8-4"] },
  { name: "ring without a last look", options: ["mode=shadow", "dom1=backend"], command: "io ring 64 1" },
];

/** What noticed it. */
interface Noticed {
  /** The hypervisor's verifier: the first fault's kind. */
  readonly verifier?: string;
  /** The recomposition from outside: entries that were wrong. */
  readonly recomposed?: number;
  /** The guest's own checks, its panic, or that it does not come to an end. */
  readonly guest?: string;
}

const guest = guests();
let made = 0;

/** Instructions a trial may take, the verifier's aside: ten times what it needs. */
const BUDGET = 400_000_000;
/** Looks in a row at which no domain could run. None of the work sleeps for longer than a tick or two. */
const SLEEPING_LOOKS = 50;
const LOOK_MS = 40;

const probe = async <T>(machine: TestGuest, name: string) =>
  (await machine.host.probe(machine.spec.name, name, {})) as T;

/** Resolves when the machine will not come to an end, or its verifier has found something. */
async function watch(machine: TestGuest, verifying: boolean, done: () => boolean): Promise<string | undefined> {
  let instructions = 0;
  let sleeping = 0;
  let lastCount = 0;
  while (!done()) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const looked = await look(machine).catch(() => undefined); // it has not begun, or is gone
    if (!looked) continue;
    instructions += (looked.instructions - lastCount) >>> 0;
    lastCount = looked.instructions;
    if (verifying && looked.faults > 0) return "the verifier";
    sleeping = looked.idle ? sleeping + 1 : 0;
    if (sleeping === SLEEPING_LOOKS) return "everybody sleeps";
    if (!verifying && instructions > BUDGET) return "does not come to an end";
  }
  return undefined;
}

interface Look {
  readonly instructions: number;
  readonly faults: number;
  /** No domain can run. */
  readonly idle: boolean;
}

async function look(machine: TestGuest): Promise<Look> {
  const [{ instructions }, { own }, domains] = await Promise.all([
    machine.host.meters(machine.spec.name),
    probe<Verification>(machine, "hv.verify"),
    probe<Domain[]>(machine, "hv.domains"),
  ]);
  return { instructions, faults: own.faults, idle: domains.every(({ state }) => state !== "ready") };
}

/** Boots, does the work, and says what the guest thought of it; undefined when all was well. */
async function work(machine: TestGuest, command: string | undefined): Promise<string | undefined> {
  try {
    await machine.start();
    if (command === undefined) throw new Error("It was to end by itself.");
    const { exit, out } = await machine.run(command, 0);
    return exit === 0 ? undefined : (out.match(/bad=[1-9]\d*|.*ACCEPTED/)?.[0] ?? `exit ${exit}`);
  } catch (error) {
    const panic = /kernel panic: .*|\(hv\) panic: .*/.exec(machine.text)?.[0];
    const ended = machine.events.some((event) => event.type === "stopped" && event.reason === "poweroff");
    if (command === undefined && ended && !panic && /bad=0/.test(machine.text)) return undefined;
    return panic ?? (error as Error).message;
  }
}

async function attempt({ options, command }: Mutation, bug: number, verifying: boolean): Promise<Noticed> {
  const split = options.indexOf("--") < 0 ? options.length : options.indexOf("--");
  const [own, guests] = [options.slice(0, split), options.slice(split + 1)];
  const both = [...own, `bug=${bug}`, "--", ...guests, `bug=${bug}`]; // the ring is the guest's, and so is its fault
  const all = ["build=exercises", "jit=1", ...(verifying ? ["verify=1"] : []), ...both];
  const machine = await guest({ name: `x${made++}`, image: "hypervisor", options: all });
  let ended = false;
  const worked = work(machine, command).finally(() => {
    ended = true;
  });
  const noticed = await Promise.race([worked, watch(machine, verifying, () => ended).then((word) => word ?? worked)]);
  const { own: verifier, recomposed } = await probe<Verification>(machine, "hv.verify");
  await machine.host.stop(machine.spec.name);
  await worked;
  return {
    ...(verifier.first ? { verifier: verifier.first.kind } : {}),
    ...(recomposed.faults > 0 ? { recomposed: recomposed.faults } : {}),
    ...(noticed !== undefined && noticed !== "the verifier" ? { guest: noticed } : {}),
  };
}

const table: Record<string, Record<string, string | number>> = {};

afterAll(() => console.table(table));

describe("a seeded fault", () => {
  it.each(MUTATIONS.map((mutation, index) => ({ ...mutation, bug: index + 1 })))(
    "$bug, $name: is noticed",
    async ({ bug, ...mutation }) => {
      const [checked, unchecked] = [await attempt(mutation, bug, true), await attempt(mutation, bug, false)];
      table[`${bug} ${mutation.name}`] = {
        verifier: checked.verifier ?? "",
        recomposed: unchecked.recomposed ?? "",
        "without a verifier": unchecked.guest ?? "",
      };
      expect({ ...unchecked, ...checked }).not.toEqual({});
    },
  );
});

describe("without a seeded fault", () => {
  const distinct = new Map(
    MUTATIONS.map((mutation) => [JSON.stringify([mutation.options, mutation.command]), mutation]),
  );
  it.each([...distinct.values()])("nothing is noticed: $options $command", async (mutation) => {
    expect([await attempt(mutation, 0, true), await attempt(mutation, 0, false)]).toEqual([{}, {}]);
  });
});
