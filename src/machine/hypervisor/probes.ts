import { domains } from "../../probe/hypervisor/domains.ts";
import { type Hypervisor, readInfo } from "../../probe/hypervisor/hypervisor.ts";
import type { Layout } from "../../probe/hypervisor/layout.ts";
import type { PhysicalMemory } from "../../probe/hypervisor/memory.ts";

/** What the probes of a machine with a hypervisor may look at. */
export interface ProbeSubject {
  /** @throws HypervisorError when there is none, or not yet */
  readonly hypervisor: () => Hypervisor;
  readonly memory: PhysicalMemory;
  readonly layout: Layout;
  /** The CPU's control registers: what a walk starts from where no hypervisor is. */
  readonly control: { readonly cr0: number; readonly cr3: number; readonly cr4: number };
}

type Arguments = Readonly<Record<string, unknown>>;

/** Probes by name (contract 5). */
const PROBES: Readonly<Record<string, (subject: ProbeSubject, args: Arguments) => unknown>> = {
  "hv.info": ({ hypervisor }) => readInfo(hypervisor()),
  "hv.domains": ({ hypervisor }) => domains(hypervisor()),
};

/** @throws Error naming the probes there are; HypervisorError as the readers do */
export function readHypervisorProbe(name: string, subject: ProbeSubject, args: Arguments): unknown {
  if (Object.hasOwn(PROBES, name)) return PROBES[name]!(subject, args);
  throw new Error(`This machine has no probe \`${name}\`. It has: ${Object.keys(PROBES).join(", ")}.`);
}
