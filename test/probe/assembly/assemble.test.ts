import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Assembly, assemble } from "../../../src/probe/hypervisor/assembly/assemble.ts";
import { disassemble } from "../../../src/probe/hypervisor/disassembly/disassemble.ts";
import { gnu, hasGnu } from "./gnu.ts";
import { instructions, ORIGIN } from "./instructions.ts";

const fixture = (name: string) => readFileSync(fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url)), "utf8");

const hex = (bytes: Iterable<number>) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");

function program(source: string): Extract<Assembly, { ok: true }> {
  const result = assemble(source, { origin: ORIGIN });
  if (!result.ok) throw new Error(`${source}: ${JSON.stringify(result.faults)}`);
  return result;
}

const code = (source: string) => hex(program(source).bytes);

/** The one fault of a source, as `line:column kind found`. */
function fault(source: string): string {
  const result = assemble(source, { origin: ORIGIN });
  if (result.ok) return "none";
  return result.faults
    .map(({ line, column, expected, found }) => `${line}:${column} ${expected.kind} ${found}`)
    .join("; ");
}

describe("the assembler", () => {
  const corpus = fixture("corpus.s");

  it("makes of a page of everything what the GNU assembler made of it", () => {
    const { lines } = program(corpus);
    const ours = lines.map(({ address, bytes }) => `${address.toString(16)}: ${hex(bytes)}`.trimEnd());
    expect(`${ours.join("\n")}\n`).toBe(fixture("corpus.txt"));
  });

  it.runIf(hasGnu)("is compared with a GNU assembler that is here", () => {
    expect(hex(program(corpus).bytes)).toBe(hex(gnu(corpus, ORIGIN)));
  });

  it.runIf(hasGnu)("agrees with it on instructions nobody thought of", () => {
    const lines = fc.sample(instructions, 2000);
    const theirs = gnu(`${lines.join("\n")}\n`, ORIGIN);
    const ours = program(lines.join("\n")).lines.map(({ line, address, bytes }) => {
      const at = address - ORIGIN;
      return { text: lines[line - 1], ours: hex(bytes), theirs: hex(theirs.subarray(at, at + bytes.length)) };
    });
    expect(ours.filter((one) => one.ours !== one.theirs).slice(0, 5)).toEqual([]);
    expect(ours.length).toBe(lines.length);
  });

  it("reads back what the disassembler says of its own code", () => {
    fc.assert(
      fc.property(instructions, (line) => {
        const first = program(line).bytes;
        const said = disassemble([...first], ORIGIN);
        // It calls a NOP of two bytes a NOP, and what it does not know it leaves as bytes.
        fc.pre(!said.text.startsWith(".byte") && line !== "xchg %ax,%ax");
        expect(said.length).toBe(first.length);
        const again = program(said.text).bytes;
        expect(disassemble([...again], ORIGIN).text).toBe(said.text);
        expect(`${said.text}: ${hex(again)}`).toBe(`${said.text}: ${hex(first)}`);
      }),
      { numRuns: 1500 },
    );
  });

  it("never does anything but give a program or faults that lie in the text", () => {
    const words = fc.constantFrom(
      "mov",
      "$",
      "%eax",
      "%",
      "(",
      ")",
      ",",
      ":",
      "a",
      "=",
      "-",
      ".",
      "'",
      '"',
      "\\",
      ".long",
      "*",
      " ",
      "\n",
      "1",
      "loop",
      "#",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "grapheme" }),
          fc.array(words).map((parts) => parts.join(" ")),
        ),
        (source) => {
          const result = assemble(source, { origin: ORIGIN });
          const lines = source.split(/\r\n|[\n\r]/);
          const outside = (result.ok ? [] : result.faults).filter(
            ({ line, column, length, found }) => lines[line - 1]!.slice(column - 1, column - 1 + length) !== found,
          );
          expect(outside).toEqual([]);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

describe("jumps", () => {
  const jump = (instruction: string, bytes: number) =>
    program(`${instruction}\n.skip ${bytes}\nthere:`).lines[0]!.bytes;

  it.each([
    ["jmp there", 2, 5],
    ["jc there", 2, 6],
  ])("%s takes %i bytes as far as that reaches, then %i", (instruction, short, near) => {
    expect(jump(instruction, 127)).toHaveLength(short);
    expect(jump(instruction, 128)).toHaveLength(near);
  });

  it("that grow push others over the edge, and all are right in the end", () => {
    const chain = Array.from({ length: 40 }, (_, index) => `a${index}: jmp b${index}\n.skip 122\nb${index}:`).join(
      "\n",
    );
    const { lines, symbols } = program(`jmp far\n${chain}\nfar: jmp a0`);
    const value = (name: string) => symbols.find((symbol) => symbol.name === name)!.value;
    expect(lines[0]!.bytes).toHaveLength(5);
    const last = lines.at(-1)!;
    expect(disassemble([...last.bytes], last.address).text).toBe(`jmp 0x${value("a0").toString(16)}`);
  });

  it("to a plain number are short where that reaches", () => {
    expect(code("jne 0x400000")).toBe("75 fe");
    expect(code("call 0x400005")).toBe("e8 00 00 00 00");
    expect(code("jmp 0xc0100000")).toBe("e9 fb ff cf bf");
  });

  it("that have one length only say how far it is", () => {
    expect(assemble("loop there\n.skip 128\nthere:", { origin: ORIGIN })).toMatchObject({
      ok: false,
      faults: [{ line: 1, column: 6, found: "there", expected: { kind: "near", distance: 128 } }],
    });
  });
});

describe("a program", () => {
  it("tells the address and the bytes of every line, and what each name is worth", () => {
    const { lines, symbols } = program(
      "COUNT = 3\n\nstart: mov $COUNT,%ecx\n# nothing\nnext:\n\tloop next\nsize = . - start",
    );
    expect(lines).toEqual([
      { line: 3, address: ORIGIN, bytes: [0xb9, 3, 0, 0, 0] },
      { line: 5, address: ORIGIN + 5, bytes: [] },
      { line: 6, address: ORIGIN + 5, bytes: [0xe2, 0xfe] },
    ]);
    expect(symbols).toEqual([
      { name: "COUNT", value: 3, kind: "constant" },
      { name: "start", value: ORIGIN, kind: "label" },
      { name: "next", value: ORIGIN + 5, kind: "label" },
      { name: "size", value: 7, kind: "constant" },
    ]);
  });

  it("may hold any text in its strings, as UTF-8, and comments of both kinds", () => {
    expect(code('.ascii "é你😀#//" // so\n .asciz "a\\0\\\'" # and so')).toBe(
      "c3 a9 e4 bd a0 f0 9f 98 80 23 2f 2f 61 00 27 00",
    );
  });

  it("has lines that end in any of the three ways", () => {
    expect(code("nop\r\nhlt\rcli\nsti\r\n")).toBe("90 f4 fa fb");
  });
});

describe("a fault", () => {
  it.each([
    ["movv $1,%eax", "1:1 instruction movv"],
    ["nop\n  jump there", "2:3 instruction jump"],
    ["$5", "1:1 instruction $"],
    [".org 5", "1:1 directive .org"],
    ["mov %eex,%eax", "1:5 register %eex"],
    ["mov (%ax),%eax", "1:6 address-register %ax"],
    ["mov (%eax,%esp),%eax", "1:11 index-register %esp"],
    ["mov (%eax,%ebx,3),%eax", "1:16 scale 3"],
    ["mov (%eax,%ebx,4,%eax", "1:17 sign ,"],
    ["mov $,%eax", "1:6 number ,"],
    ["mov $08,%eax", "1:6 number 08"],
    ["mov $0x,%eax", "1:6 number 0x"],
    ["mov %eax,", "1:10 operand "],
    ["mov %eax %ebx", "1:10 end %ebx"],
    ["mov $1,(%eax)", "1:1 size mov"],
    ["inc 4(%esp)", "1:1 size inc"],
    ["mov %al,%ebx", "1:5 forms %al,%ebx"],
    ["hlt %eax", "1:5 forms %eax"],
    ["lgdt %eax", "1:6 forms %eax"],
    ["push", "1:1 forms push"],
    ["hltl", "1:1 instruction hltl"],
    ["movzwll %ax,%eax", "1:1 instruction movzwll"],
    ["mov $256,%al", "1:6 range 256"],
    ["int $0x100", "1:6 range 0x100"],
    ["add $0x100000000,%eax", "1:6 range 0x100000000"],
    ["mov 0x100000000(%eax),%eax", "1:5 range 0x100000000"],
    ["nop\njmp nowhere", "2:5 defined nowhere"],
    ["mov $a+b,%eax\nb:", "1:6 defined a"],
    ["a:\nb: a: nop", "2:4 once a"],
    ["a = 1\na = 2", "2:1 once a"],
    ["a = b\nb:", "1:5 defined-above b"],
    [". = 5", "1:1 instruction ."],
    ['.ascii "abc', '1:8 string "abc'],
    [".ascii 'a'", "1:8 string 'a'"],
    ['.ascii "a\\q"', "1:10 escape \\q"],
    ['.ascii "\\012"', "1:9 escape \\01"],
    ["mov $'ab',%eax", "1:6 number 'a"],
    ["mov $'é',%eax", "1:6 range 'é'"],
    ["mov $'',%eax", "1:6 number ''"],
    [".byte 256", "1:7 range 256"],
    [".byte start\nstart:", "1:7 range start"],
    [".skip start\nstart:", "1:7 constant start"],
    [".skip -1", "1:7 range -1"],
    [".skip 4000000000", "1:7 range 4000000000"],
    [".skip 65536\nnop", "2:1 room "],
    ["nop ; nop", "1:5 character ;"],
  ])("in %j is at %s", (source, expected) => {
    expect(fault(source)).toBe(expected);
  });

  it("is found on every line that has one", () => {
    expect(fault("movv\nnop\nint $300\nmov %xx,%eax")).toBe("1:1 instruction movv; 3:6 range 300; 4:5 register %xx");
  });

  it("says which operands the instruction takes, the source first", () => {
    expect(assemble("lgdt %eax", { origin: 0 })).toMatchObject({
      faults: [{ expected: { kind: "forms", forms: ["lgdt mem"] } }],
    });
    expect(assemble("lar $1,%eax", { origin: 0 })).toMatchObject({
      faults: [{ expected: { kind: "forms", forms: ["lar %reg|mem,%reg"] } }],
    });
  });
});
