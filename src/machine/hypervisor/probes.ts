import { domains } from "../../probe/hypervisor/domains.ts";
import { exitCounts, trace } from "../../probe/hypervisor/exits.ts";
import { frames } from "../../probe/hypervisor/frames.ts";
import { type Hypervisor, readInfo } from "../../probe/hypervisor/hypervisor.ts";
import type { PhysicalMemory } from "../../probe/hypervisor/memory.ts";
import { nestedWalk } from "../../probe/hypervisor/nested-walk.ts";
import { pageTableMap } from "../../probe/hypervisor/paging/table-map.ts";
import { translate, translateNative } from "../../probe/hypervisor/paging/translate.ts";
import { verify } from "../../probe/hypervisor/paging/verify.ts";
import { rings } from "../../probe/hypervisor/rings.ts";
import { shadows } from "../../probe/hypervisor/shadows.ts";
import type { Phase } from "./phases.ts";

/** What the probes of a machine with a hypervisor may look at. */
export interface ProbeSubject {
  /** The hypervisor, or undefined when its guest runs without one. @throws HypervisorError when it is not there yet */
  readonly hypervisor: Hypervisor | undefined;
  readonly memory: PhysicalMemory;
  /** The CPU's control registers: what a walk starts from where no hypervisor is. */
  readonly control: { readonly cr0: number; readonly cr3: number; readonly cr4: number };
  /** What was measured between the guest's marks. */
  readonly phases: readonly Phase[];
}

type Arguments = Readonly<Record<string, unknown>>;

/** An argument that is no use to the probe. */
export class ArgumentError extends Error {
  override name = "ArgumentError";
}

/** @returns a whole number from 0; of a text also hexadecimal with 0x */
function whole(args: Arguments, name: string, without?: number): number {
  const given = args[name] ?? without;
  const value = typeof given === "string" && given !== "" ? Number(given) : given;
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ArgumentError(`The probe needs \`${name}\`: a whole number from 0, or 0x and hexadecimal digits.`);
}

function kindsOf({ kinds }: Arguments): readonly string[] | undefined {
  if (kinds === undefined) return undefined;
  if (Array.isArray(kinds) && kinds.every((kind) => typeof kind === "string")) return kinds as string[];
  throw new ArgumentError("The probe needs `kinds`: a list of names such as EXIT_CR3.");
}

function address(args: Arguments): number {
  const gva = whole(args, "address");
  if (gva < 2 ** 32) return gva;
  throw new ArgumentError("An `address` has 32 bits.");
}

function levels(args: Arguments): 2 | 4 {
  const given = whole(args, "levels", 2);
  if (given === 2 || given === 4) return given;
  throw new ArgumentError("`levels` is 2 or 4.");
}

const domain = (args: Arguments) => whole(args, "domain", 0);

/** Probes by name (contract 5) that need a hypervisor in the machine. */
const WITH: Readonly<Record<string, (hypervisor: Hypervisor, args: Arguments) => unknown>> = {
  "hv.info": (hv) => readInfo(hv),
  "hv.domains": (hv) => domains(hv),
  "hv.shadow": (hv, args) => shadows(hv, { domain: domain(args) }),
  "hv.verify": (hv) => verify(hv),
  "hv.frames": (hv) => frames(hv),
  "paging.walk": (hv, args) => translate(hv, { domain: domain(args), gva: address(args) }),
  "paging.map": (hv, args) =>
    pageTableMap(hv, { domain: domain(args), from: whole(args, "from", 0), count: whole(args, "count", 1024) }),
  "paging.nested": (hv, args) => nestedWalk(hv, { domain: domain(args), gva: address(args), levels: levels(args) }),
  "exits.counts": (hv) => exitCounts(hv),
  "exits.trace": (hv, args) =>
    trace(hv, {
      from: args.from === undefined ? undefined : whole(args, "from"),
      count: whole(args, "count", 64),
      kinds: kindsOf(args),
    }),
  "ring.state": (hv) => rings(hv),
};

/** Probes that say something of a guest without a hypervisor, too. */
const WITHOUT: Readonly<Record<string, (subject: ProbeSubject, args: Arguments) => unknown>> = {
  "paging.walk": ({ memory, control }, args) => translateNative(memory, control, address(args)),
  "exits.phases": ({ phases }) => ({ phases: Object.fromEntries(phases.map((phase) => [phase.phase, phase])) }),
};

/** @throws Error naming the probes there are; ArgumentError; HypervisorError as the readers do */
export function readHypervisorProbe(name: string, subject: ProbeSubject, args: Arguments): unknown {
  const { hypervisor } = subject;
  if (hypervisor && Object.hasOwn(WITH, name)) return WITH[name]!(hypervisor, args);
  if (Object.hasOwn(WITHOUT, name)) return WITHOUT[name]!(subject, args);
  if (Object.hasOwn(WITH, name))
    throw new Error(`The probe \`${name}\` needs a hypervisor, and this machine runs its guest alone.`);
  const names = [...new Set([...Object.keys(WITH), ...Object.keys(WITHOUT)])].sort();
  throw new Error(`This machine has no probe \`${name}\`. It has: ${names.join(", ")}.`);
}
