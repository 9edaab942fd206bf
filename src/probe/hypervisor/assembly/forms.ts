import { OPCODES, type Opcode } from "../disassembly/opcodes.ts";
import type { Size } from "./operand.ts";

/**
 * One way to write an instruction and the opcode it has then. Operands are named as in the disassembler's table,
 * destination first; what one of the two knows, the other knows too, but for what {@link isLeftOut} says.
 */
export interface Form {
  readonly opcode: readonly number[];
  /** What ModRM's reg field holds when the opcode is shared. */
  readonly group: number | undefined;
  readonly operands: readonly string[];
  /** The sizes of operand it can have, the usual one first; none where size means nothing. */
  readonly sizes: readonly Size[];
  /** Whether size 2 is told by the prefix 66 rather than by the opcode. */
  readonly prefixed: boolean;
}

/** Forms the disassembler has no need of, because they are never the only way to write something, or never trap. */
const MORE: readonly (readonly [code: number, mnemonic: string, operands: readonly string[], group?: number])[] = [
  [0xe0, "loopne", ["Jb"]],
  [0xe1, "loope", ["Jb"]],
  [0xe2, "loop", ["Jb"]],
  [0xe3, "jecxz", ["Jb"]],
  [0x84, "test", ["Gb", "Eb"]],
  [0x85, "test", ["Gv", "Ev"]],
  [0x86, "xchg", ["Gb", "Eb"]],
  [0x87, "xchg", ["Gv", "Ev"]],
  [0xcc, "int", ["3"]],
  [0x0f02, "lar", ["Gv", "Ew"]],
  [0x0f03, "lsl", ["Gv", "Ew"]],
  [0x8c, "mov", ["Mw", "S"]],
  [0x8e, "mov", ["S", "Ew"]],
  [0x90, "xchg", ["%ev", "%ev"]],
  ...Array.from({ length: 7 }, (_, index) => [0x91 + index, "xchg", ["%ev", "Rv"]] as const),
  ...Object.entries({ rol: 0, ror: 1, rcl: 2, rcr: 3, shl: 4, shr: 5, sar: 7 }).flatMap(
    ([mnemonic, group]) =>
      [
        [0xd0, mnemonic, ["Eb"], group],
        [0xd0, mnemonic, ["Eb", "1"], group],
        [0xd1, mnemonic, ["Ev"], group],
        [0xd1, mnemonic, ["Ev", "1"], group],
      ] as const,
  ),
];

/** The same condition under another name (Intel SDM vol. 2, appendix B "EFLAGS condition codes"). */
const CONDITIONS: Readonly<Record<string, string>> = {
  c: "b",
  nae: "b",
  nc: "ae",
  nb: "ae",
  z: "e",
  nz: "ne",
  na: "be",
  nbe: "a",
  pe: "p",
  po: "np",
  nge: "l",
  nl: "ge",
  ng: "le",
  nle: "g",
};
const OTHER_NAMES: Readonly<Record<string, string>> = { sal: "shl", loopz: "loope", loopnz: "loopne" };

/** These work on the stack: a letter of size after them tells how wide, also where there is no operand. */
const ON_STACK = /^(?:push|pop|pushf|popf|pusha|popa|ret|iret|lret|leave)$/;

/** String instructions and far pointers: a ten-line program does without. */
function isLeftOut(operands: readonly string[]): boolean {
  return operands.some((operand) => /^[XYA]/.test(operand));
}

/** The sizes that the operands' places leave open (see the table in disassembly/opcodes.ts). */
function sizesOf(mnemonic: string, operands: readonly string[]): readonly Size[] {
  if (operands.some((operand) => /^J/.test(operand))) return [];
  if (operands.some((operand) => /^(?:\*?[A-Z]|%e)v$|^Is$/.test(operand))) return [4, 2];
  if (operands.some((operand) => /^(?:[EGRO]b|%al)$/.test(operand))) return [1];
  if (operands.some((operand) => /^[CDT]$|^El$/.test(operand))) return [4];
  if (operands.some((operand) => /^[EM]w$/.test(operand))) return [2];
  return ON_STACK.test(mnemonic) ? [4, 2] : [];
}

function form(code: number, opcode: Opcode, group: number | undefined): Form {
  const sizes = sizesOf(opcode.mnemonic, opcode.operands);
  const bytes = code > 0xff ? [code >> 8, code & 0xff] : [code];
  return { opcode: bytes, group, operands: opcode.operands, sizes, prefixed: sizes.includes(4) };
}

/** The table does not say that these exist for 32 bits only. */
const LONG_ONLY = /^(?:bswap|lar|lsl|.*wl)$/;

/** `movzb#` is two instructions to the student. */
function named(mnemonic: string, one: Form): readonly (readonly [name: string, form: Form])[] {
  if (LONG_ONLY.test(mnemonic)) return [[mnemonic, { ...one, sizes: [4] }]];
  if (!mnemonic.includes("#")) return [[mnemonic, one]];
  return ([4, 2] as const).map((size) => [mnemonic.replace("#", size === 4 ? "l" : "w"), { ...one, sizes: [size] }]);
}

function buildForms(): ReadonlyMap<string, readonly Form[]> {
  const forms = new Map<string, Form[]>();
  const add = (code: number, opcode: Opcode | undefined, group: number | undefined) => {
    if (!opcode || isLeftOut(opcode.operands)) return;
    for (const [name, one] of named(opcode.mnemonic, form(code, opcode, group))) {
      forms.set(name, [...(forms.get(name) ?? []), one]);
    }
  };
  const isGroup = (entry: Opcode | readonly (Opcode | undefined)[]): entry is readonly (Opcode | undefined)[] =>
    Array.isArray(entry);
  for (const [code, entry] of [...OPCODES].sort(([a], [b]) => a - b)) {
    if (isGroup(entry)) entry.forEach((opcode, group) => void add(code, opcode, group));
    else add(code, entry, undefined);
  }
  for (const [code, mnemonic, operands, group] of MORE) add(code, { mnemonic, operands }, group);
  return forms;
}

const FORMS = buildForms();

/** The forms of a name that is in the table, or means the same as one that is. */
function formsOf(name: string): readonly Form[] | undefined {
  const condition = /^(j|set|cmov)(.+)$/.exec(name);
  const other = condition ? CONDITIONS[condition[2]!] : undefined;
  return FORMS.get(name) ?? FORMS.get(OTHER_NAMES[name] ?? "") ?? FORMS.get(other ? condition![1]! + other : "");
}

/** What a name may mean, and the size its last letter tells. */
export interface Meaning {
  readonly forms: readonly Form[];
  readonly size: Size | undefined;
}

const LETTERS: Readonly<Record<string, Size>> = { b: 1, w: 2, l: 4 };

/**
 * Finds an instruction by its name, with or without a letter of size.
 *
 * @returns undefined when there is none of that name
 */
export function lookUp(name: string): Meaning | undefined {
  const exact = formsOf(name) ?? formsOf(`${name}l`);
  if (exact) return { forms: exact, size: undefined };
  const size = LETTERS[name.at(-1)!];
  // The names of these hold both sizes already: movzbl.
  const complete = /^mov[sz]/.test(name);
  const forms = size === undefined || complete ? undefined : formsOf(name.slice(0, -1));
  const sized = forms?.filter(({ sizes }) => sizes.includes(size!));
  return sized && sized.length > 0 ? { forms: sized, size } : undefined;
}

/** Every name there is, without letters of size and second names. */
export const MNEMONICS: readonly string[] = [...FORMS.keys()].sort();
