import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { disassemble } from "../../../src/probe/hypervisor/disassembly/disassemble.ts";
import { nestedWalk } from "../../../src/probe/hypervisor/nested-walk.ts";
import { pageTableMap } from "../../../src/probe/hypervisor/paging/table-map.ts";
import { translate } from "../../../src/probe/hypervisor/paging/translate.ts";
import { verify } from "../../../src/probe/hypervisor/paging/verify.ts";
import { DIRECTORY, FIRST_SHADOW, MadeMachine, ROOT, TABLE } from "./machine.ts";

const word = fc.integer({ min: 0, max: 0xffffffff });

/** A guest of any mode with anything at all in its control registers and in the first words of its tables. */
const guest = fc.record({
  mode: fc.constantFrom("MODE_SHADOW", "MODE_VTLB", "MODE_PV"),
  vcpu: fc.record({ cr0: word, cr3: fc.oneof(word, fc.constant(DIRECTORY << 12)), cr4: word }),
  words: fc.array(word, { minLength: 1, maxLength: 64 }),
  gva: word,
});

function made({ mode, vcpu, words }: { mode: string; vcpu: Record<string, number>; words: readonly number[] }) {
  const machine = new MadeMachine();
  machine.domain(mode, vcpu, mode === "MODE_PV" ? machine.mfn(DIRECTORY) << 12 : ROOT << 12);
  machine.shadow(mode === "MODE_VTLB" ? "SHADOW_VTLB_L2" : "SHADOW_L2", DIRECTORY, FIRST_SHADOW);
  for (let slot = 0; slot < 1024; slot++) {
    machine.guestEntry(DIRECTORY, slot, words[slot % words.length]!);
    machine.guestEntry(TABLE, slot, words[(slot * 7) % words.length]!);
  }
  return machine.open();
}

describe("a hostile guest", () => {
  it("cannot make a walk, a nested walk or the verifier fail, whatever is in its tables", () => {
    fc.assert(
      fc.property(guest, (given) => {
        const hv = made(given);
        const { guest: walk, verdict } = translate(hv, { domain: 0, gva: given.gva });
        expect(walk.steps.length).toBeLessThanOrEqual(3);
        expect(verdict.kind).not.toBe("agrees");
        expect(verify(hv).recomposed.entries).toBeGreaterThanOrEqual(0);
        if (given.mode === "MODE_PV") return;
        for (const levels of [2, 4] as const) {
          expect(nestedWalk(hv, { domain: 0, gva: given.gva, levels }).references.length).toBeLessThanOrEqual(24);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("cannot make the map of its tables fail", () => {
    fc.assert(
      fc.property(guest, ({ gva, ...given }) => {
        const map = pageTableMap(made({ ...given }), { domain: 0, from: gva >>> 22, count: 1 });
        expect(map.directory.length).toBeLessThanOrEqual(1);
        for (const { entries } of map.tables) expect(entries.length).toBeLessThanOrEqual(1024);
      }),
      { numRuns: 60 },
    );
  });

  it("cannot make the disassembler fail or read on behind its bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 16 }), word, (bytes, eip) => {
        const { text, length } = disassemble([...bytes], eip);
        expect(text).toMatch(/^[.a-z]/);
        expect(length).toBeGreaterThan(0);
        expect(length).toBeLessThanOrEqual(bytes.length);
        expect(text).not.toMatch(/undefined|NaN|#/);
      }),
      { numRuns: 3000 },
    );
  });
});
