import type { Expected } from "../../probe/hypervisor/assembly/fault.ts";
import type { Language } from "../language.ts";
import type { ExampleGroup } from "./examples.ts";

/** One sentence for each thing that may have been expected. `found` is quoted text of the student's, or the line's end. */
type Sentences = {
  readonly [Kind in Expected["kind"]]: (expected: Extract<Expected, { kind: Kind }>, found: string) => string;
};

const list = (words: readonly string[]) => words.join("  ");

const faults: Sentences = {
  instruction: (_, found) =>
    `There is no instruction ${found} here. Look at an example for those this assembler knows.`,
  directive: ({ known }, found) => `There is no directive ${found}. There are: ${list(known)}`,
  forms: ({ forms }, found) => `It does not take ${found}. It is written: ${list(forms)}`,
  size: ({ names }) => `No operand says how many bytes. Write ${names.join(", ")}: 1, 2 or 4.`,
  register: (_, found) =>
    `There is no register ${found}. There are %eax to %edi, %al to %bh, %cs to %gs, %cr0 to %cr4.`,
  "address-register": (_, found) => `An address is made of 32-bit registers such as %eax, not of ${found}.`,
  "index-register": (_, found) => `${found} cannot be an index.`,
  scale: (_, found) => `The scale is 1, 2, 4 or 8, not ${found}.`,
  operand: (_, found) =>
    `Expected an operand, found ${found}: $5 is a number, %eax a register, 4(%esp) memory, start a label.`,
  number: (_, found) => `Expected a number, found ${found}. Numbers look like 10, -1, 0x1f, 0b101 or 'a'.`,
  constant: (_, found) => `${found} has to be a number that is known here; a label is not yet.`,
  string: (_, found) => `Expected a text between two ", found ${found}.`,
  escape: ({ known }, found) => `${found} means nothing in a text. There are: ${list(known)}`,
  sign: ({ sign }, found) => `Expected “${sign}”, found ${found}.`,
  end: (_, found) => `The line should end before ${found}. One instruction a line, operands with commas between them.`,
  character: (_, found) => `The assembler has no use for ${found}.`,
  range: ({ least, most }, found) => `${found} does not fit: from ${least} to ${most}.`,
  near: ({ distance }, found) => `${found} is ${distance} bytes away; this jump reaches from -128 to 127.`,
  defined: (_, found) => `${found} is nowhere defined. A label is a name and a colon in front of a line.`,
  "defined-above": (_, found) => `${found} has to be defined above this line.`,
  once: ({ line }, found) => `${found} is defined in line ${line} already.`,
  room: ({ bytes }) => `From here on the program is longer than ${bytes} bytes.`,
};

/** The words of the program view. Instructions, registers and file names are the machine's and the same everywhere. */
const en = {
  examples: "Examples",
  choose: "Choose an example …",
  groups: {
    first: "First programs",
    holes: "Sensitive, but no trap",
    traps: "These trap",
    pages: "Pages",
  } satisfies Record<ExampleGroup, string>,
  back: "Back to my text",
  putAway: "Your own text is kept while you look at the example.",
  run: "Run",
  runHint: "Ctrl+Enter",
  notReady: "The machine is not ready for programs yet.",
  listing: "Listing",
  listingHint: "Addresses and bytes as a table",
  copySource: "Copy",
  copyJson: "Copy as JSON",
  copied: "Copied",
  notCopied: "The browser refused to copy",
  download: "Download",
  downloadHint: (file: string) => `Saves ${file}`,
  editor: "Program, one instruction a line",
  editorHint: "AT&T syntax, the source first. Ctrl+Enter runs it, Tab leaves the editor.",
  line: (line: number) => `line ${line}`,
  at: (line: number, column: number) => `line ${line}, column ${column}`,
  lineEnd: "the end of the line",
  quoted: (text: string) => `“${text}”`,
  size: (bytes: number, first: string, last: string) =>
    `${bytes === 1 ? "1 byte" : `${bytes} bytes`}, va:${first} to va:${last}`,
  typed: (command: string) => `Runs as: ${command}`,
  empty: "No program yet: write one, or choose an example.",
  wrong: (count: number) => (count === 1 ? "1 line cannot be assembled" : `${count} lines cannot be assembled`),
  notRun: (where: string, why: string) => `Not run. ${where}: ${why}`,
  columns: {
    line: "line",
    address: "address",
    bytes: "bytes",
    source: "source",
    name: "name",
    value: "value",
    kind: "kind",
  },
  symbols: "Names",
  kinds: { label: "label", constant: "constant" },
  faults,
};

/** What every language has to fill. */
export type ProgramWords = typeof en;

const zh: ProgramWords = {
  examples: "示例",
  choose: "选一个示例……",
  groups: { first: "入门程序", holes: "敏感却不陷入", traps: "会陷入", pages: "页" },
  back: "回到我的程序",
  putAway: "看示例期间，你自己的程序保留着。",
  run: "运行",
  runHint: "Ctrl+Enter",
  notReady: "机器还不能接收程序。",
  listing: "列表",
  listingHint: "用表格列出地址和字节",
  copySource: "复制",
  copyJson: "复制为 JSON",
  copied: "已复制",
  notCopied: "浏览器不允许复制",
  download: "下载",
  downloadHint: (file) => `保存为 ${file}`,
  editor: "程序，每行一条指令",
  editorHint: "AT&T 语法，源操作数在前。Ctrl+Enter 运行，Tab 离开编辑框。",
  line: (line) => `第 ${line} 行`,
  at: (line, column) => `第 ${line} 行第 ${column} 列`,
  lineEnd: "行尾",
  quoted: (text) => `“${text}”`,
  size: (bytes, first, last) => `${bytes} 字节，va:${first} 到 va:${last}`,
  typed: (command) => `运行命令：${command}`,
  empty: "还没有程序：自己写，或选一个示例。",
  wrong: (count) => `${count} 行无法汇编`,
  notRun: (where, why) => `没有运行。${where}：${why}`,
  columns: { line: "行", address: "地址", bytes: "字节", source: "源程序", name: "名字", value: "值", kind: "种类" },
  symbols: "名字",
  kinds: { label: "标号", constant: "常量" },
  faults: {
    instruction: (_, found) => `这里没有指令${found}。这个汇编器认识哪些指令，可以看示例。`,
    directive: ({ known }, found) => `没有伪指令${found}。可用的有：${list(known)}`,
    forms: ({ forms }, found) => `它不接受${found}。写法是：${list(forms)}`,
    size: ({ names }) => `操作数看不出是几个字节。请写 ${names.join("、")}：1、2 或 4 字节。`,
    register: (_, found) => `没有寄存器${found}。有 %eax 到 %edi、%al 到 %bh、%cs 到 %gs、%cr0 到 %cr4。`,
    "address-register": (_, found) => `地址要用 32 位寄存器，如 %eax，不能用${found}。`,
    "index-register": (_, found) => `${found}不能作变址寄存器。`,
    scale: (_, found) => `比例因子只能是 1、2、4 或 8，不能是${found}。`,
    operand: (_, found) => `此处应为操作数，实际是${found}：$5 是数，%eax 是寄存器，4(%esp) 是内存，start 是标号。`,
    number: (_, found) => `此处应为数，实际是${found}。数写作 10、-1、0x1f、0b101 或 'a'。`,
    constant: (_, found) => `${found}必须是此处已知的数；标号的值此时还不知道。`,
    string: (_, found) => `此处应为一对 " 之间的文字，实际是${found}。`,
    escape: ({ known }, found) => `${found}在文字里没有意义。可用的有：${list(known)}`,
    sign: ({ sign }, found) => `此处应为“${sign}”，实际是${found}。`,
    end: (_, found) => `这一行应在${found}之前结束。每行一条指令，操作数之间用逗号。`,
    character: (_, found) => `汇编器用不到${found}。`,
    range: ({ least, most }, found) => `${found}放不下：应在 ${least} 到 ${most} 之间。`,
    near: ({ distance }, found) => `${found}相距 ${distance} 字节；这种跳转只能到 -128 至 127。`,
    defined: (_, found) => `${found}没有定义。标号是写在一行前面的名字加冒号。`,
    "defined-above": (_, found) => `${found}必须在这一行之上定义。`,
    once: ({ line }, found) => `${found}已在第 ${line} 行定义。`,
    room: ({ bytes }) => `从这里起，程序超过了 ${bytes} 字节。`,
  },
};

const WORDS: Readonly<Record<Language, ProgramWords>> = { en, zh };

export function programWords(language: Language): ProgramWords {
  return WORDS[language];
}

/**
 * What is wrong, in a sentence.
 *
 * @param found the part of the line it is about; empty at its end
 */
export function faultSentence(expected: Expected, found: string, words: ProgramWords): string {
  const sentence = words.faults[expected.kind] as (expected: Expected, found: string) => string;
  return sentence(expected, found === "" ? words.lineEnd : words.quoted(found));
}
