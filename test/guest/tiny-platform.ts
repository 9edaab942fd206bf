import {
  type GuestAccess,
  type Platform,
  type PlatformGuest,
  type PlatformSurroundings,
  REGISTER,
  type Trap,
} from "../../src/machine/platform.ts";
import type { MachineSpec } from "../../src/machine/spec.ts";

/** Its CPUID leaf says who it is; `vmcall` with a number counts. */
const LEAF = 0x40000000;
const SIGNATURE = "TinyPlatform";

export interface TinyState {
  readonly name: string;
  readonly counted: number;
}

/** A guest's place on {@link TinyPlatform}. */
export class TinyGuest implements PlatformGuest {
  readonly reservedTop = 1 << 20;
  readonly spec: MachineSpec;
  readonly surroundings: PlatformSurroundings;
  readonly calls: string[] = [];
  access: GuestAccess | undefined;
  counted = 0;
  turns = { before: 0, after: 0 };

  constructor(spec: MachineSpec, surroundings: PlatformSurroundings) {
    this.spec = spec;
    this.surroundings = surroundings;
  }

  attach(access: GuestAccess): void {
    this.access = access;
    this.calls.push("attach");
  }

  trap(trap: Trap): boolean {
    const registers = this.access!.registers();
    if (trap === "cpuid" && registers[REGISTER.eax] === LEAF) {
      const words = new Int32Array(new TextEncoder().encode(SIGNATURE).buffer);
      registers.set([words[1]!, words[2]!, words[0]!], REGISTER.ecx); // ecx, edx, ebx
      return true;
    }
    if (trap !== "invalid-opcode" || !this.#isVmcall()) return false;
    this.#hypercall(registers);
    return true;
  }

  #isVmcall(): boolean {
    const at = this.access!.trapped();
    const memory = this.access!.memory();
    return [0x0f, 0x01, 0xc1].every((byte, index) => memory[this.access!.translate(at + index)] === byte);
  }

  /** EAX: 0 counts EBX and gives the sum; 1 ends the guest. */
  #hypercall(registers: Int32Array): void {
    if (registers[REGISTER.eax] === 1) this.surroundings.stopped("poweroff", "it called for its end");
    this.counted += registers[REGISTER.ebx]!;
    registers[REGISTER.eax] = this.counted;
  }

  beforeTurn(): void {
    this.turns.before++;
  }

  afterTurn(): void {
    this.turns.after++;
  }

  async ready(): Promise<void> {
    this.calls.push("ready");
  }

  save(): TinyState {
    return { name: this.spec.name, counted: this.counted };
  }

  restore(state: unknown): void {
    const { name, counted } = state as TinyState;
    if (name !== this.spec.name) throw new Error(`This is the state of ${name}.`);
    this.counted = counted;
    this.calls.push("restore");
  }

  detach(): void {
    this.calls.push("detach");
  }
}

/** The least a platform can be: it answers CPUID, counts, and remembers who was plugged in. */
export class TinyPlatform implements Platform {
  readonly guests: TinyGuest[] = [];
  state = 0;
  /** The next restore fails, once. */
  refuses = false;

  plug(spec: MachineSpec, surroundings: PlatformSurroundings): TinyGuest {
    const guest = new TinyGuest(spec, surroundings);
    this.guests.push(guest);
    return guest;
  }

  /** The place of a machine that was plugged in last. */
  of(name: string): TinyGuest {
    return this.guests.filter(({ spec }) => spec.name === name).at(-1)!;
  }

  probe(machine: string, name: string): unknown {
    return name === "tiny.counted" ? { counted: this.of(machine).counted } : undefined;
  }

  control(machine: string, control: string, { to }: Readonly<Record<string, unknown>>): unknown {
    if (control !== "tiny.count") throw new Error(`There is no setting \`${control}\`.`);
    this.of(machine).counted = Number(to);
    return { done: true };
  }

  save(): unknown {
    return { state: this.state };
  }

  restore(state: unknown): void {
    if (this.refuses) {
      this.refuses = false;
      throw new Error("The platform does not know this state.");
    }
    this.state = (state as { state: number }).state;
  }
}
