import { OPCODES, type Opcode } from "./opcodes.ts";
import { Operands, type Size } from "./operands.ts";

/** One instruction in the syntax of AT&T and the GNU assembler, and how many of the bytes it takes. */
export interface Disassembly {
  readonly text: string;
  readonly length: number;
}

const SEGMENTS: Readonly<Record<number, string>> = {
  38: "%es",
  46: "%cs",
  54: "%ss",
  62: "%ds",
  100: "%fs",
  101: "%gs",
};

interface Prefixes {
  length: number;
  size: 2 | 4;
  lock: boolean;
  repeat: 0 | 0xf2 | 0xf3;
  segment: string | undefined;
}

function readPrefixes(bytes: readonly number[]): Prefixes {
  const found: Prefixes = { length: 0, size: 4, lock: false, repeat: 0, segment: undefined };
  for (; found.length < bytes.length; found.length++) {
    const byte = bytes[found.length]!;
    if (byte === 0x66) found.size = 2;
    else if (byte === 0xf0) found.lock = true;
    else if (byte === 0xf2 || byte === 0xf3) found.repeat = byte;
    else if (byte in SEGMENTS) found.segment = SEGMENTS[byte]!;
    else break;
  }
  return found;
}

/** Comparing string instructions stop at a difference; the others only count. */
function repeatWord(repeat: Prefixes["repeat"], mnemonic: string): string {
  const compares = /^(cmps|scas)/.test(mnemonic);
  if (repeat === 0xf2) return "repnz ";
  if (repeat === 0xf3) return compares ? "repz " : "rep ";
  return "";
}

const IS_STRING = /^(ins|outs|movs[b#]$|cmps|stos|lods|scas)/;
const LETTERS = { 1: "b", 2: "w", 4: "l" } as const;
/** Written without a letter of size although their operand may lie in memory: it has one size only, or none. */
const NO_LETTER = /^(lea|invlpg|[sl][gi]dtl|sldt|str|lldt|ltr|verr|verw|smsw|lmsw|lar|lsl|set|movz|movs)/;

function unknown(bytes: readonly number[]): Disassembly {
  const list = bytes.map((byte) => `0x${byte.toString(16).padStart(2, "0")}`).join(",");
  return { text: `.byte ${list}`, length: bytes.length };
}

function lookUp(bytes: readonly number[], at: number): { opcode: Opcode | undefined; length: number } {
  const two = bytes[at] === 0x0f;
  const code = two ? 0x0f00 | (bytes[at + 1] ?? 0) : (bytes[at] ?? 0x0f);
  const length = two ? 2 : 1;
  const found = OPCODES.get(code);
  const isGroup = (entry: typeof found): entry is readonly (Opcode | undefined)[] => Array.isArray(entry);
  if (!isGroup(found)) return { opcode: found, length };
  return { opcode: found[((bytes[at + length] ?? 0) >> 3) & 7], length };
}

/** The letter of size: needed where no operand is a register that tells it. */
function letter(opcode: Opcode, operands: Operands, size: 2 | 4): string {
  const { mnemonic } = opcode;
  if (!operands.inMemory || NO_LETTER.test(mnemonic)) return "";
  const telling = opcode.operands.some((operand) => /^[GR]|^%(al|ev)$/.test(operand) || operand === "S");
  const memory = opcode.operands.find((operand) => /^\*?E/.test(operand));
  if (telling || !memory) return "";
  if (memory.startsWith("*")) return size === 2 ? "w" : "";
  return LETTERS[memory.endsWith("b") ? 1 : (size as Size)];
}

/**
 * Disassembles one instruction: those in {@link OPCODES}, others as `.byte`.
 *
 * @param bytes from its first byte on; more than it has is fine
 * @param eip its address, for relative targets
 */
export function disassemble(bytes: readonly number[], eip: number): Disassembly {
  const prefixes = readPrefixes(bytes);
  const { opcode, length } = lookUp(bytes, prefixes.length);
  if (!opcode) return unknown(bytes);
  const isString = IS_STRING.test(opcode.mnemonic);
  if ((prefixes.repeat !== 0 && !isString) || prefixes.length + length > bytes.length) return unknown(bytes);
  const operands = new Operands(bytes, prefixes.length + length, prefixes.size, prefixes.segment, eip);
  const texts = operands.read(opcode.operands, bytes[prefixes.length + length - 1]!);
  if (!texts) return unknown(bytes);
  const name = opcode.mnemonic.replace("#", LETTERS[prefixes.size]) + letter(opcode, operands, prefixes.size);
  const before = (prefixes.lock ? "lock " : "") + repeatWord(prefixes.repeat, opcode.mnemonic);
  return { text: `${before}${name} ${texts.reverse().join(",")}`.trim(), length: operands.end };
}
