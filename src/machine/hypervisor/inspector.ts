import { type Hypervisor, openHypervisor } from "../../probe/hypervisor/hypervisor.ts";
import { enumerator, enumOf, type Layout, readLayout } from "../../probe/hypervisor/layout.ts";
import { physicalMemory } from "../../probe/hypervisor/memory.ts";
import type { Internals } from "../v86-internals.ts";
import { type Counts, Phases } from "./phases.ts";
import { readHypervisorProbe } from "./probes.ts";

/** Looks into a machine's memory from outside; the machine notices nothing. */
export class Inspector {
  readonly #internals: Internals;
  readonly #layout: Layout;
  readonly #phases = new Phases();
  /** Machine address of struct hv_info; 0 while no hypervisor has said where it is. */
  #info = 0;

  /**
   * @param layout a parsed layout.json
   * @throws ReadingError when it is none
   */
  constructor(internals: Internals, layout: unknown) {
    this.#internals = internals;
    this.#layout = readLayout(layout);
  }

  /** The hypervisor has written to PORT_INFO. */
  found(address: number): void {
    this.#info = address;
  }

  /** Where {@link found} was told; for a snapshot. */
  get info(): number {
    return this.#info;
  }

  /** Name of the kind of the last record: at an exit's bell, of the exit. */
  lastExit(): string {
    const hypervisor = this.#open();
    const count = hypervisor.info.number("trace_count");
    if (count === 0) return "";
    const { constants, structs } = this.#layout;
    const { size, fields } = structs.trace_record!;
    const at = hypervisor.info.number("trace") + ((count - 1) % constants.TRACE_RECORDS!) * size;
    const kind = hypervisor.memory.u32(at + fields.kind!.offset) & 0xffff;
    return enumerator(this.#layout, "exit_reason", kind).name;
  }

  /** Why the hypervisor stopped itself, in its own words. */
  panic(): string {
    return String((this.read("hv.info", {}) as { panic?: string }).panic ?? "it does not say why");
  }

  /** The guest has marked a place in its work. @param instructions executed so far */
  mark(mark: number, instructions: number): void {
    this.#phases.mark(mark, this.#counts(instructions), (phase) => {
      const known = enumOf(this.#layout, "benchmark").find(({ value }) => value === phase);
      return known?.name ?? String(phase);
    });
  }

  /** @throws ArgumentError, HypervisorError, and Error for a probe there is not */
  read(name: string, args: Readonly<Record<string, unknown>>): unknown {
    const subject = {
      hypervisor: this.#info === 0 ? undefined : this.#open(),
      memory: this.#memory(),
      control: this.#internals.control(),
      phases: this.#phases.all(),
    };
    return readHypervisorProbe(name, subject, args);
  }

  #counts(instructions: number): Counts {
    if (this.#info === 0) return { instructions, exits: {}, hypervisor: {} };
    const { info } = this.#open();
    const [count, spent] = [info.numbers("count"), info.numbers("instructions_hv")];
    const reasons = enumOf(this.#layout, "exit_reason");
    const of = (numbers: readonly number[]) =>
      Object.fromEntries(reasons.map(({ name, value }) => [name, numbers[value] ?? 0]));
    return { instructions, exits: of(count), hypervisor: of(spent) };
  }

  #memory() {
    return physicalMemory(this.#internals.memory());
  }

  #open(): Hypervisor {
    return openHypervisor(this.#memory(), this.#layout, this.#info);
  }
}
