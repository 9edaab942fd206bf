/**
 * The instructions a small kernel traps on or stores with, after Intel SDM vol. 2, appendix A "Opcode map".
 * One a line: opcode in hexadecimal, mnemonic, operands in the manual's order (destination first).
 *
 *   88        one byte, or two after 0f
 *   0f01/2    the opcode is shared: this one has 2 in the reg field of ModRM
 *   50+r      eight opcodes; the low three bits name a register
 *   70+c      sixteen opcodes; the low four bits name a condition, written in place of `@`
 *   00+a      the eight arithmetic operations at 00, 08 … 38; the name in place of `@`
 *
 * Operands are a place and a size. Places: E ModRM's register or memory, G the register in its reg field, R the
 * register in the opcode, I immediate, O memory at an address in the instruction, S C D segment, control, debug
 * register, T the register ModRM's rm field names, M memory of no size, A far pointer, J relative target, X %ds:(%esi), Y %es:(%edi). Sizes: b 1, w 2,
 * l 4, v 4 or 2 after the prefix 66, s one byte sign-extended to v. `#` in a mnemonic is the letter of size v.
 * Anything else is written as it stands.
 */
const TABLE = `
00+a @ Eb,Gb
01+a @ Ev,Gv
02+a @ Gb,Eb
03+a @ Gv,Ev
04+a @ %al,Ib
05+a @ %ev,Iv
06 push %es
07 pop %es
0e push %cs
16 push %ss
17 pop %ss
1e push %ds
1f pop %ds
40+r inc Rv
48+r dec Rv
50+r push Rv
58+r pop Rv
60 pusha
61 popa
68 push Iv
69 imul Gv,Ev,Iv
6a push Is
6b imul Gv,Ev,Is
6c insb Yb,(%dx)
6d ins# Yv,(%dx)
6e outsb (%dx),Xb
6f outs# (%dx),Xv
70+c j@ Jb
84 test Eb,Gb
85 test Ev,Gv
86 xchg Eb,Gb
87 xchg Ev,Gv
88 mov Eb,Gb
89 mov Ev,Gv
8a mov Gb,Eb
8b mov Gv,Ev
8c mov Ev,S
8d lea Gv,M
8e mov S,El
8f/0 pop Ev
90 nop
91+r xchg Rv,%ev
98 cwtl
99 cltd
9a lcall A
9c pushf
9d popf
a0 mov %al,Ob
a1 mov %ev,Ov
a2 mov Ob,%al
a3 mov Ov,%ev
a4 movsb Yb,Xb
a5 movs# Yv,Xv
a6 cmpsb Xb,Yb
a7 cmps# Xv,Yv
a8 test %al,Ib
a9 test %ev,Iv
aa stos Yb,%al
ab stos Yv,%ev
ac lods %al,Xb
ad lods %ev,Xv
ae scas %al,Yb
af scas %ev,Yv
b0+r mov Rb,Ib
b8+r mov Rv,Iv
c2 ret Iw
c3 ret
c6/0 mov Eb,Ib
c7/0 mov Ev,Iv
c9 leave
ca lret Iw
cb lret
cc int3
cd int Ib
ce into
cf iret
e4 in %al,Ib
e5 in %ev,Ib
e6 out Ib,%al
e7 out Ib,%ev
e8 call Jv
e9 jmp Jv
ea ljmp A
eb jmp Jb
ec in %al,(%dx)
ed in %ev,(%dx)
ee out (%dx),%al
ef out (%dx),%ev
f4 hlt
f5 cmc
f6/0 test Eb,Ib
f6/2 not Eb
f6/3 neg Eb
f6/4 mul Eb
f6/6 div Eb
f7/0 test Ev,Iv
f7/2 not Ev
f7/3 neg Ev
f7/4 mul Ev
f7/5 imul Ev
f7/6 div Ev
f7/7 idiv Ev
f8 clc
f9 stc
fa cli
fb sti
fc cld
fd std
fe/0 inc Eb
fe/1 dec Eb
ff/0 inc Ev
ff/1 dec Ev
ff/2 call *Ev
ff/4 jmp *Ev
ff/6 push Ev
80/a @ Eb,Ib
81/a @ Ev,Iv
83/a @ Ev,Is
c0/s @ Eb,Ib
c1/s @ Ev,Ib
d2/s @ Eb,%cl
d3/s @ Ev,%cl
0f00/0 sldt El
0f00/1 str El
0f00/2 lldt Ew
0f00/3 ltr Ew
0f00/4 verr Ew
0f00/5 verw Ew
0f01/0 sgdtl M
0f01/1 sidtl M
0f01/2 lgdtl M
0f01/3 lidtl M
0f01/4 smsw El
0f01/6 lmsw Ew
0f01/7 invlpg M
0f02 lar Gv,El
0f03 lsl Gv,El
0f06 clts
0f08 invd
0f09 wbinvd
0f0b ud2
0f20 mov T,C
0f21 mov T,D
0f22 mov C,T
0f23 mov D,T
0f30 wrmsr
0f31 rdtsc
0f32 rdmsr
0f40+c cmov@ Gv,Ev
0f80+c j@ Jv
0f90+c set@ Eb
0fa0 push %fs
0fa1 pop %fs
0fa2 cpuid
0fa3 bt Ev,Gv
0fa8 push %gs
0fa9 pop %gs
0fab bts Ev,Gv
0faf imul Gv,Ev
0fb0 cmpxchg Eb,Gb
0fb1 cmpxchg Ev,Gv
0fb3 btr Ev,Gv
0fb6 movzb# Gv,Eb
0fb7 movzwl Gv,Ew
0fba/4 bt Ev,Ib
0fba/5 bts Ev,Ib
0fba/6 btr Ev,Ib
0fba/7 btc Ev,Ib
0fbb btc Ev,Gv
0fbc bsf Gv,Ev
0fbd bsr Gv,Ev
0fbe movsb# Gv,Eb
0fbf movswl Gv,Ew
0fc0 xadd Eb,Gb
0fc1 xadd Ev,Gv
0fc8+r bswap Rv
`;

const ARITHMETIC = ["add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"];
const SHIFTS = ["rol", "ror", "rcl", "rcr", "shl", "shr", undefined, "sar"];
const CONDITIONS = ["o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g"];

/** An instruction's name and operands, destination first. */
export interface Opcode {
  readonly mnemonic: string;
  readonly operands: readonly string[];
}

/** By opcode, 0x0fxx for two bytes: one instruction, or eight by ModRM's reg field. */
export type OpcodeTable = ReadonlyMap<number, Opcode | readonly (Opcode | undefined)[]>;

/** The opcodes a line stands for: number, place in a group, and the name in place of `@`. */
function expand(code: number, suffix: string): readonly { code: number; group?: number; name?: string | undefined }[] {
  const names = (list: readonly (string | undefined)[]) => list.map((name, group) => ({ code, group, name }));
  switch (suffix) {
    case "":
      return [{ code }];
    case "+r":
      return Array.from({ length: 8 - (code & 7) }, (_, index) => ({ code: code + index }));
    case "+c":
      return CONDITIONS.map((name, index) => ({ code: code + index, name }));
    case "+a":
      return ARITHMETIC.map((name, index) => ({ code: code + index * 8, name }));
    case "/a":
      return names(ARITHMETIC);
    case "/s":
      return names(SHIFTS).filter(({ name }) => name !== undefined);
    default:
      return [{ code, group: Number(suffix.slice(1)) }];
  }
}

function buildTable(): OpcodeTable {
  const table = new Map<number, Opcode | (Opcode | undefined)[]>();
  for (const line of TABLE.trim().split("\n")) {
    const [where, pattern, list = ""] = line.split(" ") as [string, string, string?];
    const digits = /^[0-9a-f]+/.exec(where)![0];
    for (const { code, group, name = "" } of expand(Number.parseInt(digits, 16), where.slice(digits.length))) {
      const opcode = { mnemonic: pattern.replace("@", name), operands: list === "" ? [] : list.split(",") };
      if (group === undefined) {
        table.set(code, opcode);
        continue;
      }
      const members = table.get(code);
      const row = Array.isArray(members) ? members : Array.from<Opcode | undefined>({ length: 8 });
      row[group] = opcode;
      table.set(code, row);
    }
  }
  return table;
}

/** Read once, when the page is loaded. */
export const OPCODES: OpcodeTable = buildTable();
