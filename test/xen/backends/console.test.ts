import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConsoleBackend } from "../../../src/xen/backends/console.ts";
import { TestDomain } from "./front.ts";

const OUT = "console:domU/out";
const IN = "console:domU/in";
/** Offsets of struct xencons_interface, from public/io/console.h. */
const AT = { in: 0, out: 1024, in_cons: 3072, in_prod: 3076, out_cons: 3080, out_prod: 3084 };

/** A guest's console page, its driver in a few lines, and what the host was shown. */
class Front {
  readonly domain = new TestDomain("domU", 8);
  readonly page = this.domain.allocate();
  readonly shown: string[] = [];
  notified = 0;
  memory = true;
  console = this.#newConsole();

  #newConsole(): ConsoleBackend {
    const view = () => (this.memory ? this.view : undefined);
    const page = { address: this.page * 4096, view, written: () => {} };
    const show = (bytes: Uint8Array) => this.shown.push(new TextDecoder("latin1").decode(bytes));
    return new ConsoleBackend(this.domain, page, () => this.notified++, show);
  }

  get view(): DataView {
    return new DataView(this.domain.memory.buffer, this.page * 4096, 4096);
  }

  word(field: number, value?: number): number {
    if (value !== undefined) this.view.setUint32(field, value, true);
    return this.view.getUint32(field, true);
  }

  /** As domU_write_console: what fits, and an event. @returns how much that was */
  write(text: string): number {
    const produced = this.word(AT.out_prod);
    const room = 2048 - ((produced - this.word(AT.out_cons)) >>> 0);
    const fits = text.slice(0, room);
    for (let at = 0; at < fits.length; at++) {
      this.view.setUint8(AT.out + ((produced + at) % 2048), fits.charCodeAt(at));
    }
    this.word(AT.out_prod, (produced + fits.length) >>> 0);
    this.console.notified();
    return fits.length;
  }

  /** As domU_read_console: everything there is, and an event. */
  read(): string {
    let text = "";
    for (let at = this.word(AT.in_cons); at !== this.word(AT.in_prod); at = (at + 1) >>> 0) {
      text += String.fromCharCode(this.view.getUint8(AT.in + (at % 1024)));
    }
    this.word(AT.in_cons, this.word(AT.in_prod));
    this.console.notified();
    return text;
  }

  type(text: string): void {
    this.console.type(new TextEncoder().encode(text));
    this.domain.turnOver();
  }

  saveAndRestore(): void {
    const saved: unknown = JSON.parse(JSON.stringify(this.console.save()));
    this.domain.forgetWork();
    this.console = this.#newConsole();
    this.console.restore(saved);
  }

  states(ring: string): string[] {
    return this.console.state(ring)!.slots.map(({ state }) => state);
  }
}

describe("a console", () => {
  it("shows what the guest writes, over the ring's end and over indices that wrap", () => {
    const front = new Front();
    for (const field of [AT.out_cons, AT.out_prod]) front.word(field, 0xffff_fffe);
    front.write("abcd");
    front.domain.turnOver();
    expect([front.shown, front.word(AT.out_cons), front.notified]).toEqual([["abcd"], 2, 1]);
  });

  it("types what fits, and the rest when the guest has read", () => {
    const front = new Front();
    front.type("A".repeat(1500));
    expect(front.word(AT.in_prod)).toBe(1024);
    expect(front.read()).toBe("A".repeat(1024));
    front.domain.turnOver();
    expect(front.read()).toBe("A".repeat(476));
  });

  it("moves nothing while indices cannot be, and goes on when they can", () => {
    const front = new Front();
    front.word(AT.out_prod, 4096);
    front.word(AT.in_cons, 5000);
    front.console.notified();
    front.type("x");
    expect([front.shown, front.word(AT.out_cons), front.word(AT.in_prod)]).toEqual([[], 0, 0]);
    front.word(AT.out_prod, 0);
    front.word(AT.in_cons, 0);
    front.write("y");
    front.domain.turnOver();
    expect([front.shown, front.read()]).toEqual([["y"], "x"]);
  });

  it("loses no byte and makes up none, slow or not, saved at any moment", () => {
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant("write" as const), length: fc.nat(1500) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant("type" as const), length: fc.nat(700) }) },
      { weight: 4, arbitrary: fc.constantFrom({ do: "turn" as const }, { do: "read" as const }) },
      { weight: 1, arbitrary: fc.constant({ do: "save" as const }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant("pass" as const), milliseconds: fc.nat(30) }) },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant("pace" as const),
          latency: fc.nat(2),
          batch: fc.nat(3),
          stepping: fc.boolean(),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant("step" as const),
          ring: fc.constantFrom(OUT, IN),
          by: fc.constantFrom("slot" as const, "notification" as const),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60, size: "max" }), (actions) => {
        const front = new Front();
        let mark = 0;
        const text = (length: number) => Array.from({ length }, () => String.fromCharCode(33 + (mark++ % 90))).join("");
        let [written, typed, read] = ["", "", ""];
        for (const each of actions) {
          if (each.do === "write") {
            const given = text(each.length);
            written += given.slice(0, front.write(given));
          } else if (each.do === "type") {
            const given = text(each.length);
            typed += given;
            front.type(given);
          } else if (each.do === "read") read += front.read();
          else if (each.do === "turn") front.domain.turnOver();
          else if (each.do === "save") front.saveAndRestore();
          else if (each.do === "pass") front.domain.pass(each.milliseconds);
          else if (each.do === "pace") front.console.pace(undefined, each);
          else front.console.step(each.ring, each.by);
        }
        front.console.pace(undefined, { latency: 0, batch: 0, stepping: false });
        for (let round = 0; round < 100; round++) {
          front.domain.turnOver();
          read += front.read();
        }
        expect(front.shown.join("")).toBe(written);
        expect(read).toBe(typed);
      }),
      { numRuns: 100 },
    );
  });

  it("in slow motion shows one byte after the other, and pushes back when its ring is full", () => {
    const front = new Front();
    front.console.pace(OUT, { latency: 10, batch: 2 });
    front.write("hello");
    front.domain.turnOver();
    expect(front.states(OUT).slice(0, 6)).toEqual([
      "serving",
      "serving",
      "requested",
      "requested",
      "requested",
      "free",
    ]);
    front.domain.pass(10);
    expect(front.shown).toEqual(["h"]);
    front.domain.pass(30);
    expect(front.shown.join("")).toBe("hell");
    expect(front.write("x".repeat(3000))).toBe(2047);
    front.domain.turnOver();
    front.domain.pass(10);
    expect(front.console.state(OUT)!.counters.full).toBe(1);
  });

  it("steps by the byte", () => {
    const front = new Front();
    front.console.pace(OUT, { stepping: true });
    front.write("ab");
    front.domain.turnOver();
    front.console.step(OUT, "slot");
    expect([front.states(OUT).slice(0, 2), front.shown]).toEqual([["serving", "requested"], []]);
    front.console.step(OUT, "notification");
    expect([front.states(OUT).slice(0, 2), front.shown]).toEqual([["free", "requested"], ["a"]]);
  });

  it("shows a guest's last words when it ends, however slow the console was", () => {
    const front = new Front();
    front.console.pace(OUT, { latency: 1000 });
    front.write("Kernel panic");
    front.domain.turnOver();
    front.console.close();
    expect(front.shown).toEqual(["Kernel panic"]);
  });

  it("is read as two rings of bytes", () => {
    const front = new Front();
    front.console.pace(undefined, { stepping: true });
    front.write("A");
    front.type("B");
    front.console.step(IN, "notification");
    const out = front.console.state(OUT)!;
    expect(out).toMatchObject({ device: "console", capacity: 2048, entryBytes: 1, pages: ["pa:0x1000"], notify: [] });
    expect(out.indices).toEqual([
      { name: "out_prod", side: "front", shared: true, value: 1, slot: 1, from: "console page + 0xc0c" },
      { name: "out_cons", side: "back", shared: true, value: 0, slot: 0, from: "console page + 0xc08" },
    ]);
    expect(out.slots[0]).toEqual({
      slot: 0,
      address: "pa:0x1400",
      bytes: "41",
      state: "requested",
      request: { operation: "byte", fields: [{ name: "character", value: '"A"' }], pages: [] },
    });
    expect(front.console.state(IN)!.slots[0]).toMatchObject({ state: "answered", bytes: "42", address: "pa:0x1000" });
    expect(front.console.state("console:other/out")).toBeUndefined();
  });

  it("hurts nobody where its page is gone or full of anything", () => {
    const garbage = fc.array(
      fc.tuple(fc.constantFrom(...Object.values(AT)), fc.integer({ min: 0, max: 0xffff_ffff })),
      {
        maxLength: 6,
        size: "max",
      },
    );
    fc.assert(
      fc.property(fc.array(garbage, { maxLength: 8, size: "max" }), fc.boolean(), (rounds, memory) => {
        const front = new Front();
        const canary = front.domain.allocate();
        front.domain.pageBytes(canary).fill(0xca);
        for (const words of rounds) {
          for (const [field, value] of words) front.word(field, value);
          front.memory = memory;
          front.console.notified();
          front.type("typed");
          expect(front.console.state(OUT)!.slots.length + front.console.state(IN)!.slots.length).toBe(3072);
        }
        expect(front.domain.pageBytes(canary).every((byte) => byte === 0xca)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
