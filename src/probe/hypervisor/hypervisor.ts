import { constantOf, enumerator, type Layout, structOf } from "./layout.ts";
import { type Hex, hex, type PhysicalMemory } from "./memory.ts";
import { ascii, Structure } from "./structure.ts";

/** The hypervisor in a machine's memory: what every reader here starts from. */
export interface Hypervisor {
  readonly memory: PhysicalMemory;
  readonly layout: Layout;
  /** struct hv_info, the root of all. */
  readonly info: Structure;
}

/** The memory does not hold what the hypervisor said it would. */
export class HypervisorError extends Error {
  override name = "HypervisorError";
}

/** Most domains and shadows a reader looks at, whatever the memory says. */
const MOST = 4096;

/**
 * Opens the hypervisor of a machine.
 *
 * @param address machine address of struct hv_info: what the hypervisor wrote to PORT_INFO (abi/trace.h)
 * @throws HypervisorError when there is none at that address
 */
export function openHypervisor(memory: PhysicalMemory, layout: Layout, address: number): Hypervisor {
  const { size } = structOf(layout, "hv_info");
  if (address <= 0 || address + size > memory.size) {
    throw new HypervisorError(`ma:${hex(address)} is no place for struct hv_info. Has the hypervisor started?`);
  }
  const info = new Structure(memory, layout, "hv_info", address);
  if (info.number("magic") !== constantOf(layout, "HV_INFO_MAGIC")) {
    throw new HypervisorError(
      `No hypervisor is at ma:${hex(address)}: its magic number is ${hex(info.number("magic"))}.`,
    );
  }
  return { memory, layout, info };
}

/** An array that hv_info points to, checked to lie in memory. */
export function arrayOf(
  hv: Hypervisor,
  pointer: string,
  length: string,
  struct: string,
): { address: number; count: number; size: number } {
  const address = hv.info.number(pointer);
  const { size } = structOf(hv.layout, struct);
  const count = hv.info.number(length);
  if (address + size * count > hv.memory.size) {
    throw new HypervisorError(
      `hv_info.${pointer} names ${count} of struct ${struct} at ma:${hex(address)}: outside memory.`,
    );
  }
  return { address, count, size };
}

/** The elements of an array of structures that hv_info points to. */
export function structures(hv: Hypervisor, pointer: string, length: string, struct: string): readonly Structure[] {
  const { address, count, size } = arrayOf(hv, pointer, length, struct);
  return Array.from(
    { length: Math.min(count, MOST) },
    (_, index) => new Structure(hv.memory, hv.layout, struct, address + index * size),
  );
}

/**
 * One domain's structure.
 *
 * @param id its number, from 0
 */
export function domainOf(hv: Hypervisor, id: number): Structure {
  const domain = structures(hv, "domains", "nr_domains", "domain")[id];
  if (!domain)
    throw new HypervisorError(`There is no domain ${id}: the hypervisor has ${hv.info.number("nr_domains")}.`);
  return domain;
}

/** A name of the headers without what all of its kind begin with: `MODE_SHADOW` is `shadow`. */
export function shortName(layout: Layout, kind: string, value: number): string {
  return enumerator(layout, kind, value)
    .name.replace(/^[A-Z]+_/, "")
    .toLowerCase();
}

/** {@link shortName} of one enum, each name looked up once: for tables with thousands of entries. */
export function shortNames(layout: Layout, kind: string): (value: number) => string {
  const known = new Map<number, string>();
  return (value) => {
    const name = known.get(value) ?? shortName(layout, kind, value);
    known.set(value, name);
    return name;
  };
}

export interface Info {
  /** Machine address of struct hv_info. */
  readonly at: Hex;
  readonly version: number;
  /** Whether this build writes records. */
  readonly traced: boolean;
  readonly records: number;
  readonly exits: number;
  readonly domains: number;
  /** The domain that runs, or would run next. */
  readonly current: number;
  readonly frames: number;
  readonly shadows: number;
  readonly verifying: boolean;
  /** Why the hypervisor stopped itself; undefined while all is well. */
  readonly panic: string | undefined;
  /** The guest's last phase mark. */
  readonly mark: number;
}

/** A text of the hypervisor's, up to its end or `most` bytes. */
function textAt(memory: PhysicalMemory, address: number, most: number): string {
  const bytes: number[] = [];
  for (let at = address; at < memory.size && bytes.length < most; at++) {
    const byte = memory.u8(at);
    if (byte === 0) break;
    bytes.push(byte);
  }
  return ascii(bytes);
}

/** Reads struct hv_info itself. */
export function readInfo({ info, memory }: Hypervisor): Info {
  const panic = info.number("panic");
  return {
    at: hex(info.address),
    version: info.number("version"),
    traced: info.number("traced") !== 0,
    records: info.number("trace_count"),
    exits: info.number("exit_count"),
    domains: info.number("nr_domains"),
    current: info.number("current"),
    frames: info.number("nr_frames"),
    shadows: info.number("nr_shadows"),
    verifying: info.number("verify") !== 0,
    panic: panic === 0 ? undefined : textAt(memory, panic, 200),
    mark: info.number("mark"),
  };
}
