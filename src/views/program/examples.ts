import type { Language } from "../language.ts";

/** Where the guest puts a flat program: USER_BASE in images/hypervisor/guest/syscalls.h. */
export const USER_BASE = 0x00400000;

type Text = Readonly<Record<Language, string>>;

/** Code, and what a comment after it says. */
type Line = readonly [code: string, en?: string, zh?: string];

export type ExampleGroup = "first" | "holes" | "traps" | "pages";

/** A program to begin with. */
export interface Example {
  /** Also the name of its file: none that the guest has a program of. */
  readonly id: string;
  readonly group: ExampleGroup;
  readonly title: Text;
  /** What follows `run <file>` on the shell's line, to show a result that is no text. */
  readonly tail: "" | "| hexdump" | "; echo $?";
  readonly lines: readonly Line[];
}

/** Numbers of system calls and what they take: images/hypervisor/guest/syscalls.h. */
const exit: readonly Line[] = [
  ["        mov $1,%eax", "exit(0)", "exit(0)"],
  ["        xor %ebx,%ebx"],
  ["        int $0x80"],
];

/** Writes `bytes` bytes at `label` to standard output, and ends. */
const writeAndExit = (label: string, bytes: number | string): readonly Line[] => [
  ["        mov $11,%eax", `write(1, ${label}, ${bytes})`, `write(1, ${label}, ${bytes})`],
  ["        mov $1,%ebx"],
  [`        mov $${label},%ecx`],
  [`        mov $${bytes},%edx`],
  ["        int $0x80"],
  ...exit,
];

/** Ends with a status that tells that the instruction before did not trap. */
const stillHere: readonly Line[] = [
  ["        mov $1,%eax", "exit(0): only if nothing trapped", "exit(0)：没有陷入才会走到这里"],
  ["        xor %ebx,%ebx"],
  ["        int $0x80"],
];

const FIRST: readonly Example[] = [
  {
    id: "hello",
    group: "first",
    title: { en: "hello: one system call", zh: "hello：一次系统调用" },
    tail: "",
    lines: [
      ["start:  mov $11,%eax", "write", "系统调用 write"],
      ["        mov $1,%ebx", "to standard output", "写到标准输出"],
      ["        mov $text,%ecx", "from this address", "从这个地址开始"],
      ["        mov $length,%edx", "so many bytes", "这么多字节"],
      ["        int $0x80", "into the kernel; does the hypervisor see it?", "进入内核；虚拟机监控器看得到吗？"],
      ...exit,
      ['text:   .ascii "Hello from ring 3\\n"'],
      ["length = . - text"],
    ],
  },
  {
    id: "stars",
    group: "first",
    title: { en: "stars: a loop with ten system calls", zh: "stars：循环十次系统调用" },
    tail: "",
    lines: [
      ["        mov $10,%edi", "ten times", "十次"],
      ["again:  mov $11,%eax", "write(1, star, 2)", "write(1, star, 2)"],
      ["        mov $1,%ebx"],
      ["        mov $star,%ecx"],
      ["        mov $2,%edx"],
      ["        int $0x80"],
      ["        dec %edi"],
      ["        jnz again"],
      ...exit,
      ['star:   .ascii "*\\n"'],
    ],
  },
  {
    id: "hundred",
    group: "first",
    title: { en: "hundred: getpid 100 times", zh: "hundred：调用 getpid 100 次" },
    tail: "",
    lines: [
      ["        mov $100,%edi"],
      ["again:  xor %eax,%eax", "getpid()", "getpid()"],
      ["        int $0x80"],
      ["        dec %edi"],
      ["        jnz again"],
      ...exit,
    ],
  },
  {
    id: "count",
    group: "first",
    title: { en: "count: nothing but arithmetic", zh: "count：只做运算" },
    tail: "",
    lines: [
      ["        mov $20000000,%ecx", "twenty million times", "两千万次"],
      ["here:   loop here", "no exit but the timer's", "除了时钟，没有别的退出"],
      ...exit,
    ],
  },
];

const HOLES: readonly Example[] = [
  {
    id: "popf",
    group: "holes",
    title: { en: "popf: a change that is dropped", zh: "popf：改动被悄悄丢掉" },
    tail: "| hexdump",
    lines: [
      ["        pushf"],
      ["        pop %eax"],
      ["        and $-0x201,%eax", "clear IF, bit 9", "清除第 9 位 IF"],
      ["        push %eax"],
      ["        popf", "ring 0 would turn interrupts off", "在 ring 0 会关中断"],
      ["        pushf", "what became of it?", "结果怎样？"],
      ["        popl flags"],
      ...writeAndExit("flags", 4),
      ["flags:  .long 0"],
    ],
  },
  {
    id: "pushf",
    group: "holes",
    title: { en: "pushf: the real flags", zh: "pushf：读到真实标志" },
    tail: "| hexdump",
    lines: [
      ["        pushf", "IF and IOPL as the processor has them", "处理器里真实的 IF 和 IOPL"],
      ["        popl flags"],
      ...writeAndExit("flags", 4),
      ["flags:  .long 0"],
    ],
  },
  {
    id: "sgdt",
    group: "holes",
    title: { en: "sgdt: where the real GDT is", zh: "sgdt：真实 GDT 的位置" },
    tail: "| hexdump",
    lines: [
      ["        sgdt table", "two bytes of limit, four of base", "2 字节界限，4 字节基址"],
      ...writeAndExit("table", 6),
      ["table:  .skip 6"],
    ],
  },
  {
    id: "sidt",
    group: "holes",
    title: { en: "sidt: where the real IDT is", zh: "sidt：真实 IDT 的位置" },
    tail: "| hexdump",
    lines: [
      ["        sidt table", "the instruction of the “red pill”", "“红药丸”用的指令"],
      ...writeAndExit("table", 6),
      ["table:  .skip 6"],
    ],
  },
  {
    id: "sldt",
    group: "holes",
    title: { en: "sldt: the real LDT's selector", zh: "sldt：真实 LDT 的选择子" },
    tail: "| hexdump",
    lines: [["        sldt word"], ...writeAndExit("word", 2), ["word:   .word 0xffff"]],
  },
  {
    id: "str",
    group: "holes",
    title: { en: "str: the real task register", zh: "str：真实的任务寄存器" },
    tail: "| hexdump",
    lines: [
      ["        str word", "the selector of the processor's TSS", "处理器所用 TSS 的选择子"],
      ...writeAndExit("word", 2),
      ["word:   .word 0xffff"],
    ],
  },
  {
    id: "smsw",
    group: "holes",
    title: { en: "smsw: the real CR0", zh: "smsw：真实的 CR0" },
    tail: "| hexdump",
    lines: [
      ["        smsw word", "the low half of CR0", "CR0 的低 16 位"],
      ...writeAndExit("word", 2),
      ["word:   .word 0"],
    ],
  },
  {
    id: "lar",
    group: "holes",
    title: { en: "lar: what a descriptor allows", zh: "lar：描述符允许什么" },
    tail: "| hexdump",
    lines: [
      ["        mov %cs,%ecx"],
      ["        lar %ecx,%eax", "access rights: the DPL is in bits 13 and 14", "访问权限：DPL 在第 13、14 位"],
      ["        mov %eax,rights"],
      ...writeAndExit("rights", 4),
      ["rights: .long 0"],
    ],
  },
  {
    id: "lsl",
    group: "holes",
    title: { en: "lsl: how long a segment is", zh: "lsl：段有多长" },
    tail: "| hexdump",
    lines: [
      ["        mov %cs,%ecx"],
      ["        lsl %ecx,%eax", "the limit that a wall of segments would need", "用段来隔离时靠的就是界限"],
      ["        mov %eax,limit"],
      ...writeAndExit("limit", 4),
      ["limit:  .long 0"],
    ],
  },
  {
    id: "verr",
    group: "holes",
    title: { en: "verr, verw: may this ring use it?", zh: "verr、verw：本级能不能用？" },
    tail: "| hexdump",
    lines: [
      ["        mov $8,%eax", "the kernel's code segment", "内核代码段"],
      ["        verr %ax", "readable from here?", "这里能读吗？"],
      ["        sete answer"],
      ["        mov %ds,%eax"],
      ["        verw %ax", "and our own data, writable?", "自己的数据段能写吗？"],
      ["        sete answer+1"],
      ...writeAndExit("answer", 2),
      ["answer: .byte 9, 9"],
    ],
  },
  {
    id: "cs",
    group: "holes",
    title: { en: "mov %cs: the ring I am really in", zh: "mov %cs：我到底在哪一级" },
    tail: "; echo $?",
    lines: [
      ["        mov %cs,%ebx"],
      ["        and $3,%ebx", "the low two bits: the privilege level", "低两位就是特权级"],
      ["        mov $1,%eax", "exit(level)", "exit(特权级)"],
      ["        int $0x80"],
    ],
  },
  {
    id: "cpuid",
    group: "holes",
    title: { en: "cpuid: which processor", zh: "cpuid：是哪种处理器" },
    tail: "",
    lines: [
      ["        xor %eax,%eax"],
      ["        cpuid", "twelve letters in EBX, EDX, ECX", "十二个字母在 EBX、EDX、ECX"],
      ["        mov %ebx,name"],
      ["        mov %edx,name+4"],
      ["        mov %ecx,name+8"],
      ...writeAndExit("name", 13),
      ['name:   .ascii "............\\n"'],
    ],
  },
];

const trap = (id: string, title: Text, line: Line): Example => ({
  id,
  group: "traps",
  title,
  tail: "",
  lines: [line, ...stillHere],
});

const TRAPS: readonly Example[] = [
  trap("cli", { en: "cli: interrupts off", zh: "cli：关中断" }, [
    "        cli",
    "#GP: IOPL is below our ring",
    "#GP：IOPL 低于我们的级别",
  ]),
  trap("hlt", { en: "hlt: stop the processor", zh: "hlt：停住处理器" }, ["        hlt", "ring 0 only", "只限 ring 0"]),
  trap("cr3", { en: "mov %cr3: the page directory", zh: "mov %cr3：页目录" }, [
    "        mov %cr3,%eax",
    "reading is privileged too",
    "连读都是特权操作",
  ]),
  trap("lidt", { en: "lidt: tables of our own", zh: "lidt：换成自己的表" }, [
    "        lidt 0x400000",
    "sidt did not trap, this does",
    "sidt 不陷入，这条会",
  ]),
  trap("port", { en: "in: a device", zh: "in：访问设备" }, [
    "        in $0x60,%al",
    "the keyboard's port",
    "键盘的端口",
  ]),
  {
    id: "caught",
    group: "traps",
    title: { en: "caught: a fault handler of our own", zh: "caught：自己处理故障" },
    tail: "; echo $?",
    lines: [
      ["        mov $20,%eax", "onfault(handler)", "onfault(handler)"],
      ["        mov $handler,%ebx"],
      ["        int $0x80"],
      ["        cli", "#GP: hypervisor, kernel, handler", "#GP：监控器、内核、处理程序"],
      ["handler:"],
      ["        pop %ebx", "the vector", "向量号"],
      ["        mov $1,%eax", "exit(vector)", "exit(向量号)"],
      ["        int $0x80"],
    ],
  },
];

const PAGES: readonly Example[] = [
  {
    id: "pages",
    group: "pages",
    title: { en: "pages: touch 16 new ones", zh: "pages：访问 16 个新页" },
    tail: "",
    lines: [
      ["        mov $17,%eax", "mmap(64 KB, read and write)", "mmap(64 KB，可读写)"],
      ["        mov $0x10000,%ebx"],
      ["        mov $3,%ecx"],
      ["        int $0x80"],
      ["        mov $16,%ecx"],
      [
        "again:  movb $1,(%eax)",
        "a page fault each: the guest's, and whose else?",
        "每次一个缺页：客户机的，还有谁的？",
      ],
      ["        add $4096,%eax"],
      ["        loop again"],
      ...exit,
    ],
  },
  trap("null", { en: "null: an address nobody has", zh: "null：没有映射的地址" }, [
    "        mov 0,%eax",
    "#PF: not present",
    "#PF：页不存在",
  ]),
  trap("kernel", { en: "kernel: write to a kernel page", zh: "kernel：写内核的页" }, [
    "        movl $0,0xc0100000",
    "#PF: there, but not for ring 3",
    "#PF：存在，但 ring 3 不能碰",
  ]),
  trap("monitor", { en: "monitor: read the hypervisor", zh: "monitor：读虚拟机监控器" }, [
    "        mov 0xffc00000,%eax",
    "where its entry code is",
    "监控器的入口代码所在",
  ]),
];

export const EXAMPLES: readonly Example[] = [...FIRST, ...HOLES, ...TRAPS, ...PAGES];

/** Comments stand under each other where the code leaves room. */
const COMMENT_COLUMN = 28;

/** An example's text with comments in one language. */
export function exampleSource({ lines }: Example, language: Language): string {
  const place = { en: 1, zh: 2 } as const;
  const texts = lines.map((line) => {
    const comment = line[place[language]];
    return comment === undefined ? line[0] : `${line[0].padEnd(COMMENT_COLUMN - 1)} # ${comment}`;
  });
  return `${texts.join("\n")}\n`;
}

/** The example a text is, in any language; undefined once the student has changed it. */
export function exampleOf(source: string): Example | undefined {
  return EXAMPLES.find((example) =>
    (["en", "zh"] as const).some((language) => exampleSource(example, language) === source),
  );
}
