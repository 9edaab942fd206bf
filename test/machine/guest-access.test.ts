import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GuestAccess, REGISTER, type Trap } from "../../src/machine/platform.ts";
import { bareGuest, interruptTable } from "./bare-guest.ts";

const END = "end: hlt\n jmp end\n";
const VMCALL = ".byte 0x0f, 0x01, 0xc1";

/** A platform that answers from a list, and remembers what it was asked. */
function answering(answers: Partial<Record<Trap, (access: GuestAccess) => boolean>>) {
  const asked: { trap: Trap; at: number; privilege: number }[] = [];
  const trap = (trap: Trap, access: GuestAccess) => {
    asked.push({ trap, at: access.trapped(), privilege: access.privilege() });
    return answers[trap]?.(access) ?? false;
  };
  return { asked, trap };
}

describe("an instruction a platform may take over", () => {
  it("is answered in the guest's registers, and the guest goes on behind it", async () => {
    const { asked, trap } = answering({
      cpuid: (access) => {
        const registers = access.registers();
        if (registers[REGISTER.eax] !== 0x40000000) return false;
        registers.set([1, 3, 4, 2]); // eax, ecx, edx, ebx
        return true;
      },
      rdmsr: (access) => {
        access.registers()[REGISTER.eax] = 0x1234;
        return true;
      },
      wrmsr: () => true,
      "invalid-opcode": (access) => {
        const registers = access.registers();
        registers[REGISTER.eax] = registers[REGISTER.ebx]! + registers[REGISTER.edi]!;
        return true;
      },
    });
    const { access, run, labels } = await bareGuest(
      `
      mov $0x40000000, %eax
    one: cpuid
      mov %eax, 0x8000
      mov %ebx, 0x8004
      mov %ecx, 0x8008
      mov %edx, 0x800c
      mov $0, %eax
      cpuid
      mov %ebx, 0x8010
      mov $0x40000000, %ecx
      rdmsr
      mov %eax, 0x8014
      wrmsr
      mov $40, %ebx
      mov $2, %edi
    two: ${VMCALL}
      mov %eax, 0x8018
      ${END}`,
      trap,
    );
    run(() => access.halted());
    const words = new Int32Array(access.memory().slice(0x8000, 0x801c).buffer);
    expect([...words.slice(0, 4), ...words.slice(5)]).toEqual([1, 2, 3, 4, 0x1234, 42]);
    expect(words[4]).toBe(0x756e6547); // "Genu": an answer of the processor's own
    expect(asked.map((each) => each.trap)).toEqual(["cpuid", "cpuid", "rdmsr", "wrmsr", "invalid-opcode"]);
    expect([asked[0]!.at, asked[4]!.at]).toEqual([labels.get("one"), labels.get("two")]);
    expect(asked[0]!.privilege).toBe(0);
  });

  it("is the guest's own fault when the platform does not take it", async () => {
    const { trap } = answering({});
    const { access, run } = await bareGuest(
      `
      ${interruptTable({ 6: "undefined" })}
      ${VMCALL}
      movl $1, 0x8000
      ${END}
    undefined:
      movl $2, 0x8004
      addl $3, (%esp)
      iret`,
      trap,
    );
    run(() => access.halted());
    expect([access.memory()[0x8000], access.memory()[0x8004]]).toEqual([1, 2]);
  });
});

describe("an upcall", () => {
  const FLAG = 0x8100;
  const COUNT = 0x8104;
  const handler = (body: string) => `
      ${interruptTable({ 96: "upcall" })}
      sti
      ${body}
      ${END}
    upcall:
      incl ${COUNT}
      movb $0, ${FLAG}
      iret`;

  it("is taken by its vector while the flag is set, on the way back from the trap that set it", async () => {
    const { trap } = answering({
      "invalid-opcode": (access) => {
        access.memory()[FLAG] = 1;
        access.deliver();
        return true;
      },
    });
    const { access, run } = await bareGuest(
      handler(`${VMCALL}\n mov ${COUNT}, %eax\n mov %eax, 0x8000\n ${VMCALL}`),
      trap,
    );
    access.setUpcall({ flag: FLAG, vector: 0x60 });
    run(() => access.halted());
    expect([access.memory()[0x8000], access.memory()[COUNT], access.memory()[FLAG]]).toEqual([1, 2, 0]);
  });

  it("ends a HLT, waits for interrupts to be allowed, and is gone when it is switched off", async () => {
    const { access, run, take } = await bareGuest(handler(""), () => false);
    access.setUpcall({ flag: FLAG, vector: 0x60 });
    run(() => access.halted());
    access.memory()[FLAG] = 1;
    access.wake();
    run(() => access.memory()[COUNT] === 1);
    access.setUpcall(undefined);
    access.memory()[FLAG] = 1;
    access.wake();
    take(20);
    expect(access.memory()[COUNT]).toBe(1);
    expect(() => access.setUpcall({ flag: access.memoryBytes, vector: 0x60 })).toThrow(RangeError);
  });
});

describe("the machine's timer", () => {
  it("is due in a HLT, not before its time, and once", async () => {
    const { access, run } = await bareGuest(
      `${interruptTable({ 32: "tick" })}\n sti\n ${END}\n tick: iret`,
      () => false,
    );
    run(() => access.halted());
    const due: number[] = [];
    const at = access.now() + 20;
    access.setTimer(at, () => due.push(access.now()));
    run(() => due.length > 0, 1e6);
    expect(due[0]).toBeGreaterThanOrEqual(at);
    const called: string[] = [];
    access.setTimer(access.now(), () => called.push("first"));
    access.setTimer(access.now(), () => called.push("second"));
    run(() => called.length > 0, 1e6);
    access.setTimer(access.now() + 1, () => called.push("never"));
    access.setTimer(undefined, () => {});
    const late = access.now() + 10;
    run(() => access.now() > late, 1e6);
    expect([called, due.length]).toEqual([["second"], 1]);
  });
});

describe("translation", () => {
  const DIRECTORY = 0x200000;

  it("is the identity without paging", async () => {
    const { access } = await bareGuest(END, () => false);
    expect([access.translate(0), access.translate(-1)]).toEqual([0, 0xffffffff]);
  });

  it("goes through tables of 4 KiB and 4 MiB pages, and says where nothing is mapped", async () => {
    const { trap, asked } = answering({ "invalid-opcode": () => true });
    const { access, run } = await bareGuest(
      `
      mov %cr4, %eax
      or $0x10, %eax
      mov %eax, %cr4
      mov $${DIRECTORY}, %eax
      mov %eax, %cr3
      mov %cr0, %eax
      or $0x80000000, %eax
      mov %eax, %cr0
      ${VMCALL}
      ${END}`,
      trap,
    );
    const words = new Int32Array(access.memory().buffer, access.memory().byteOffset, access.memoryBytes / 4);
    words[DIRECTORY / 4] = 0x83; // 0 to 4 MiB, itself
    words[DIRECTORY / 4 + 0x300] = (DIRECTORY + 0x1000) | 3;
    words[DIRECTORY / 4 + 0x301] = 0x7fffc000 | 3; // a table beyond memory
    words[(DIRECTORY + 0x1000) / 4 + 5] = 0x12345000 | 1;
    words[(DIRECTORY + 0x1000) / 4 + 6] = 0x12345000; // not present
    run(() => asked.length > 0);
    const gvas = [0x123456, 0xc0005abc, 0xc0006000, 0xc0400000, 0x80000000];
    expect(gvas.map((gva) => access.translate(gva))).toEqual([0x123456, 0x12345abc, -1, -1, -1]);
  });

  it("goes through PAE's tables as the processor does: a page it can read is where it reads it", async () => {
    const { trap, asked } = answering({ "invalid-opcode": () => true });
    const { access, run } = await bareGuest(
      `
      mov %cr4, %eax
      or $0x30, %eax # PAE, and PSE, without which v86 has no large pages
      mov %eax, %cr4
      mov $${DIRECTORY}, %eax
      mov %eax, %cr3
      mov %cr0, %eax
      or $0x80000000, %eax
      mov %eax, %cr0
      xor %eax, %eax
    again:
      ${VMCALL}
      mov (%eax), %ebx
      jmp again`,
      trap,
    );
    const words = new Int32Array(access.memory().buffer, access.memory().byteOffset, access.memoryBytes / 4);
    const entry = (table: number, index: number, value: number, high = 0) => {
      words[table / 4 + 2 * index] = value;
      words[table / 4 + 2 * index + 1] = high;
    };
    const [low, high, table] = [DIRECTORY + 0x1000, DIRECTORY + 0x2000, DIRECTORY + 0x3000];
    entry(DIRECTORY, 0, low | 1);
    entry(DIRECTORY, 3, high | 1);
    for (const index of [0, 1]) entry(low, index, (index << 21) | 0x83);
    entry(high, 0, table | 3);
    entry(high, 1, 0x83); // 2 MiB at 0xc0200000, the first two of memory
    entry(high, 2, 0x83, 1); // above 4 GiB
    for (let page = 0; page < 512; page += 2) entry(table, page, (((page * 7) % 1024) << 12) | 1);
    run(() => asked.length > 0);
    for (let word = 0; word < 0x40000; word++) if (words[word] === 0) words[word] = word * 4; // memory says where it is

    expect([0xc0400000, 0xc0001000, 0x40000000].map((gva) => access.translate(gva))).toEqual([-1, -1, -1]);
    const mapped = fc.oneof(
      fc.nat(0x3fffff),
      fc.nat(255).chain((page) => fc.nat(0xfff).map((offset) => 0xc0000000 + page * 0x2000 + offset)),
      fc.nat(0x1fffff).map((offset) => 0xc0200000 + offset),
    );
    fc.assert(
      fc.property(mapped, (any) => {
        const gva = (any & ~3) >>> 0;
        const gpa = access.translate(gva);
        fc.pre(gpa < 0xa0000 || gpa >= 0xc0000); // the VGA's
        const before = asked.length;
        access.registers()[REGISTER.eax] = gva;
        run(() => asked.length > before + 1);
        expect(access.registers()[REGISTER.ebx]).toBe(words[gpa / 4]);
      }),
      { numRuns: 100 },
    );
  });
});

describe("a page changed from outside", () => {
  it("is executed as it is now, compiled or not", async () => {
    const { access, run, take, internals, labels } = await bareGuest(
      `
    again:
      call value
      mov %eax, 0x8000
      incl 0x8004
      jmp again
      .skip 4096
    value:
      mov $1, %eax
      mov $1000, %ecx
    wait: loop wait
      ret`,
      () => false,
      { jit: true },
    );
    const words = new Int32Array(access.memory().buffer, access.memory().byteOffset, 0x9000 / 4);
    while (internals.instructions() < 40e6) {
      take(1);
      await new Promise(setImmediate); // code is compiled beside the turns
    }
    expect(words[0x8000 / 4]).toBe(1);
    const code = labels.get("value")!;
    access.memory()[code + 1] = 2;
    access.pageChanged(code);
    const before = words[0x8004 / 4]!;
    run(() => words[0x8004 / 4]! > before + 1);
    expect(words[0x8000 / 4]).toBe(2);
  });
});

describe("a watched page", () => {
  const program = `
      mov $0x20000, %edi
    again:
      mov (%edi), %ecx
      testl $1, 0x8000
      je next
      movb $7, 5(%edi)
      movl $1, 0x8004
    next:
      incl 0x8008
      ${VMCALL}
      jmp again`;

  it.each([false, true])(
    "is reported for the first store after it was watched, and for no load (compiled: %s)",
    async (jit) => {
      const { asked, trap } = answering({ "invalid-opcode": () => true });
      const { access, take } = await bareGuest(program, trap, { jit });
      const flag = (value: number) =>
        new DataView(access.memory().buffer, access.memory().byteOffset).setInt32(0x8000, value, true);
      take(50);
      expect(asked.length).toBeGreaterThan(1000);
      access.watchStores([0x20000, 0x21000]);
      take(5);
      expect(access.takeStores()).toEqual([]);
      flag(1);
      take(5);
      expect([access.takeStores(), access.takeStores()]).toEqual([[0x20000], []]);
      access.watchStores([0x20000]);
      take(5);
      expect(access.takeStores()).toEqual([0x20000]);
      access.watchStores([0x20000]);
      access.unwatchStores(0x20000);
      take(5);
      expect(access.takeStores()).toEqual([]);
    },
  );

  it("is reported when a device stores to it", async () => {
    const { trap } = answering({});
    const { access, internals } = await bareGuest(END, trap);
    access.watchStores([0x20000, 0x21000, 0x22000]);
    internals.observation.written(0x20ffe, 4);
    expect(access.takeStores()).toEqual([0x20000, 0x21000]);
  });
});

describe("a guest that halts", () => {
  it("rests, but not when it was woken at the end of its own turn", async () => {
    const { access, internals, take, rest } = await bareGuest(END, () => false);
    let waking = false;
    internals.aroundTurns(
      () => {},
      () => {
        if (waking) access.wake();
        return false;
      },
    );
    take(3);
    expect([access.halted(), rest() > 0]).toEqual([true, true]);
    waking = true;
    take(1);
    expect(rest()).toBe(0);
    waking = false;
    take(1);
    expect(rest()).toBeGreaterThan(0);
  });
});
