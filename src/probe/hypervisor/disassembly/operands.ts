/** Operands of one instruction as text (Intel SDM vol. 2, 2.1 "Instruction format"). */

/** Bytes. */
export type Size = 1 | 2 | 4;

const R32 = ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"];
const R16 = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"];
const R8 = ["al", "cl", "dl", "bl", "ah", "ch", "dh", "bh"];
const SEGMENT_REGISTERS = ["es", "cs", "ss", "ds", "fs", "gs"];

const register = (number: number, size: Size) => `%${(size === 1 ? R8 : size === 2 ? R16 : R32)[number]}`;
const unsigned = (value: number) => `0x${(value >>> 0).toString(16)}`;
const signed = (value: number) => (value < 0 ? `-${unsigned(-value)}` : unsigned(value));

/** The bytes end before the instruction does. */
class Short extends Error {}

/** Reads operands one after another, each taking the bytes it needs. */
export class Operands {
  /** An operand is in memory. */
  inMemory = false;
  private at: number;
  private readonly bytes: readonly number[];
  private readonly size: 2 | 4;
  private readonly segment: string | undefined;
  private readonly eip: number;
  private modrm: number | undefined;
  private modrmText: string | undefined;

  /** @param at the first byte after the opcode */
  constructor(bytes: readonly number[], at: number, size: 2 | 4, segment: string | undefined, eip: number) {
    this.bytes = bytes;
    this.at = at;
    this.size = size;
    this.segment = segment;
    this.eip = eip;
  }

  /** Bytes read so far, from the start of the instruction. */
  get end(): number {
    return this.at;
  }

  /**
   * @param opcode the last byte of the opcode
   * @returns undefined when the bytes are too few or name a register there is not
   */
  read(operands: readonly string[], opcode: number): string[] | undefined {
    try {
      // ModRM and what belongs to it come before any immediate, whichever is written first.
      if (operands.some((operand) => /^\*?[EGMSCDT]/.test(operand))) this.readModrm(operands);
      const texts = operands.map((operand) => this.operand(operand, opcode));
      return texts.includes("%undefined") ? undefined : texts;
    } catch (error) {
      if (error instanceof Short) return undefined;
      throw error;
    }
  }

  private next(count: Size): number {
    if (this.at + count > this.bytes.length) throw new Short();
    let value = 0;
    for (let byte = count - 1; byte >= 0; byte--) value = (value << 8) | this.bytes[this.at + byte]!;
    this.at += count;
    return value;
  }

  private nextSigned(): number {
    return (this.next(1) << 24) >> 24;
  }

  private sizeOf(code: string): Size {
    const last = code.at(-1);
    if (last === "b") return 1;
    if (last === "w") return 2;
    return last === "l" ? 4 : this.size;
  }

  private operand(code: string, opcode: number): string {
    const size = this.sizeOf(code);
    switch (code[0]) {
      case "*":
        return `*${this.operand(code.slice(1), opcode)}`;
      case "E":
      case "M":
        return this.modrmText ?? register(this.modrm! & 7, size);
      case "T":
        return register(this.modrm! & 7, 4);
      case "G":
        return register((this.modrm! >> 3) & 7, size);
      case "S":
        return `%${SEGMENT_REGISTERS[(this.modrm! >> 3) & 7]}`;
      case "C":
        return `%cr${(this.modrm! >> 3) & 7}`;
      case "D":
        return `%db${(this.modrm! >> 3) & 7}`;
      case "R":
        return register(opcode & 7, size);
      case "I":
        return `$${unsigned(this.immediate(code))}`;
      case "O":
        return this.inSegment(unsigned(this.next(4)));
      case "J":
        return this.target(code);
      case "A":
        return this.farPointer();
      case "X":
        return `${this.segment ?? "%ds"}:(%esi)`;
      case "Y":
        return "%es:(%edi)";
      default:
        return code.replace("%ev", register(0, this.size));
    }
  }

  /** A sign-extended byte is shown as wide as what it is used on. */
  private immediate(code: string): number {
    if (code.endsWith("s")) return this.size === 2 ? this.nextSigned() & 0xffff : this.nextSigned();
    return this.next(this.sizeOf(code));
  }

  private target(code: string): string {
    const offset = code === "Jb" ? this.nextSigned() : this.next(4);
    return unsigned(this.eip + this.at + offset);
  }

  private farPointer(): string {
    const offset = this.next(this.size);
    return `$${unsigned(this.next(2))},$${unsigned(offset)}`;
  }

  private inSegment(text: string): string {
    return this.segment ? `${this.segment}:${text}` : text;
  }

  private readModrm(operands: readonly string[]): void {
    this.modrm = this.next(1);
    const mod = this.modrm >> 6;
    if (mod === 3 || operands.includes("T")) {
      if (operands.includes("M")) throw new Short();
      return;
    }
    this.inMemory = true;
    this.modrmText = this.inSegment(this.address(mod, this.modrm & 7));
  }

  private address(mod: number, rm: number): string {
    if (rm === 4) return this.scaled(mod);
    if (mod === 0 && rm === 5) return unsigned(this.next(4));
    return `${this.displacement(mod)}(${register(rm, 4)})`;
  }

  private scaled(mod: number): string {
    const sib = this.next(1);
    const [scale, index, base] = [1 << (sib >> 6), (sib >> 3) & 7, sib & 7];
    const baseless = mod === 0 && base === 5;
    const displacement = baseless ? signed(this.next(4)) : this.displacement(mod);
    const from = baseless ? "" : register(base, 4);
    if (index === 4 && base === 4 && scale === 1) return `${displacement}(${from})`;
    return `${displacement}(${from},${index === 4 ? "%eiz" : register(index, 4)},${scale})`;
  }

  private displacement(mod: number): string {
    if (mod === 0) return "";
    return signed(mod === 1 ? this.nextSigned() : this.next(4));
  }
}
