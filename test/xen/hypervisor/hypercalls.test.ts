import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REGISTER } from "../../../src/machine/platform.ts";
import { BIND_VIRQ, EVTCHNOP, VIRQ } from "../../../src/xen/abi/event-channel.ts";
import { HVM_PARAM, HVM_PARAM_ARGUMENT, HVMOP } from "../../../src/xen/abi/hvm.ts";
import { CONSOLEIO, HYPERCALL, MULTICALL_ENTRY_BYTES } from "../../../src/xen/abi/hypercalls.ts";
import { ADD_TO_PHYSMAP, MEMORY_DOMAIN, MEMORY_RESERVATION, XENMAPSPACE, XENMEM } from "../../../src/xen/abi/memory.ts";
import { SCHED_SHUTDOWN, SCHED_WATCHDOG, SCHEDOP, SHUTDOWN } from "../../../src/xen/abi/sched.ts";
import {
  REGISTER_MEMORY_AREA,
  RUNSTATE_INFO,
  SET_PERIODIC_TIMER,
  SET_SINGLESHOT_TIMER,
  VCPUOP,
} from "../../../src/xen/abi/vcpu.ts";
import { FEATURE_INFO, XENFEAT, XENVER } from "../../../src/xen/abi/version.ts";
import { Xen } from "../../../src/xen/hypervisor/xen.ts";
import { hypervisor, named, PAGE, TestGuest } from "./processor.ts";

const SELF = 0x7ff0;
const one = (): TestGuest => hypervisor(1).guests[0]!;

describe("traps", () => {
  const cpuid = (guest: TestGuest, leaf: number) => {
    guest.cpu.prepare([0x0f, 0xa2], { eax: leaf });
    const taken = guest.trap("cpuid");
    const registers = [...guest.cpu.registers()];
    const [eax, ebx, ecx, edx] = (["eax", "ebx", "ecx", "edx"] as const).map(
      (name) => registers[REGISTER[name]]! >>> 0,
    );
    return { taken, eax, ebx, ecx, edx };
  };

  it("answer the CPUID leaves by which Linux finds Xen", () => {
    const guest = one();
    const { taken, eax, ebx, ecx, edx } = cpuid(guest, 0x40000000);
    const text = new TextDecoder().decode(Uint32Array.of(ebx!, ecx!, edx!));
    expect({ taken, eax, text }).toEqual({ taken: true, eax: 0x40000004, text: "XenVMMXenVMM" });
    expect(cpuid(guest, 0x40000001).eax).toBe((4 << 16) | 17);
    expect(cpuid(guest, 0x40000004)).toMatchObject({ eax: 0x18, ebx: 0, ecx: 1 });
    expect(cpuid(guest, 1).taken).toBe(false);
    expect(cpuid(guest, 0x40000100).taken).toBe(false);
    expect(cpuid(guest, 0x3fffffff).taken).toBe(false);
  });

  it("fill the hypercall page, and nothing outside the guest's own memory", () => {
    const guest = one();
    const write = (eax: number, edx = 0) => {
      guest.cpu.prepare([0x0f, 0x30], { ecx: 0x40000000, eax, edx });
      return guest.trap("wrmsr");
    };
    expect(write(9 * PAGE)).toBe(true);
    const entry = guest.cpu.memory().subarray(9 * PAGE + 32 * 32, 9 * PAGE + 32 * 32 + 9);
    expect([...entry]).toEqual([0xb8, 32, 0, 0, 0, 0x0f, 0x01, 0xc1, 0xc3]);
    for (const [eax, edx] of [
      [9 * PAGE + 1, 0],
      [64 * PAGE, 0],
      [9 * PAGE, 1],
      [-PAGE, 0],
    ] as const) {
      expect(write(eax, edx)).toBe(false);
    }
  });

  it("are hypercalls only for VMCALL and VMMCALL, and only from the kernel", () => {
    const guest = one();
    const registers = { eax: HYPERCALL.xen_version, ebx: XENVER.version };
    guest.cpu.prepare([0x0f, 0x01, 0xd9], registers);
    expect(guest.trap("invalid-opcode")).toBe(true);
    expect(guest.cpu.registers()[REGISTER.eax]).toBe((4 << 16) | 17);
    guest.cpu.prepare([0x0f, 0x0b, 0xc1], registers);
    expect(guest.trap("invalid-opcode")).toBe(false);
    guest.cpu.ring = 3;
    guest.cpu.prepare([0x0f, 0x01, 0xc1], registers);
    expect(guest.trap("invalid-opcode")).toBe(true);
    expect(named(guest.cpu.registers()[REGISTER.eax]!)).toBe("EPERM");
  });
});

describe("xen_version", () => {
  it("says what this is, each text closed by a NUL in its own array", () => {
    const guest = one();
    const text = (command: number, bytes: number) => {
      expect(guest.call(HYPERCALL.xen_version, command, guest.scratch)).toBe(0);
      const array = guest.cpu.memory().subarray(guest.scratch, guest.scratch + bytes);
      expect(array.at(-1)).toBe(0);
      return new TextDecoder().decode(array).replace(/\0.*$/s, "");
    };
    expect(text(XENVER.extraversion, 16)).toBe(".0-ringside");
    expect(text(XENVER.capabilities, 1024)).toBe("hvm-3.0-x86_32 hvm-3.0-x86_32p ");
    expect(text(XENVER.compile_info, 64)).toBe("TypeScript");
    expect(guest.call(HYPERCALL.xen_version, XENVER.pagesize, 0)).toBe(PAGE);
    expect(named(guest.call(HYPERCALL.xen_version, 99, guest.scratch))).toBe("ENOSYS");
  });

  it("offers event delivery by vector, and no paravirtual clock", () => {
    const { result, submap } = one().with(HYPERCALL.xen_version, XENVER.get_features, FEATURE_INFO, { submap_idx: 0 });
    const has = (feature: keyof typeof XENFEAT) => ((submap >>> XENFEAT[feature]) & 1) === 1;
    expect(result).toBe(0);
    expect(has("hvm_callback_vector")).toBe(true);
    expect(has("auto_translated_physmap")).toBe(true);
    expect(has("hvm_safe_pvclock")).toBe(false);
    const other = one().with(HYPERCALL.xen_version, XENVER.get_features, FEATURE_INFO, { submap_idx: 1 });
    expect(named(other.result)).toBe("EINVAL");
  });
});

describe("memory_op", () => {
  const list = 0x1000;
  const change = (guest: TestGuest, command: number, frames: number[], more: object = {}) => {
    for (const [index, frame] of frames.entries()) guest.view().setUint32(list + index * 4, frame, true);
    const reservation = { extent_start: list, nr_extents: frames.length, domid: SELF, ...more };
    return guest.call(HYPERCALL.memory_op, command, guest.put(MEMORY_RESERVATION, reservation));
  };
  const reservation = (guest: TestGuest, command: number) =>
    guest.call(HYPERCALL.memory_op, command, guest.put(MEMORY_DOMAIN, { domid: SELF }));

  it("takes frames that are given up, empty, and gives them back, empty", () => {
    const guest = one();
    guest.cpu.memory().fill(7, 20 * PAGE, 22 * PAGE);
    expect(change(guest, XENMEM.decrease_reservation, [20, 21])).toBe(2);
    expect(guest.cpu.memory()[20 * PAGE]).toBe(0);
    expect(reservation(guest, XENMEM.current_reservation)).toBe(62);
    expect(reservation(guest, XENMEM.maximum_reservation)).toBe(64);
    expect(named(guest.call(HYPERCALL.xen_version, XENVER.extraversion, 20 * PAGE))).toBe("EFAULT");
    expect(change(guest, XENMEM.populate_physmap, [20, 21])).toBe(2);
    expect(reservation(guest, XENMEM.current_reservation)).toBe(64);
    expect(guest.call(HYPERCALL.xen_version, XENVER.extraversion, 20 * PAGE)).toBe(0);
  });

  it("says how many extents it did before the first that cannot be done", () => {
    const guest = one();
    expect(change(guest, XENMEM.decrease_reservation, [20, 99, 21])).toBe(1);
    expect(change(guest, XENMEM.decrease_reservation, [21, 20])).toBe(1);
    expect(change(guest, XENMEM.populate_physmap, [20, 22])).toBe(1);
    expect(change(guest, XENMEM.decrease_reservation, [30], { extent_order: 2 })).toBe(1);
    expect(reservation(guest, XENMEM.current_reservation)).toBe(59);
    expect(named(change(guest, XENMEM.decrease_reservation, [30], { extent_order: 10 }))).toBe("EPERM");
    expect(named(change(guest, XENMEM.decrease_reservation, [40], { domid: 2 }))).toBe("EPERM");
    expect(change(guest, XENMEM.increase_reservation, [40])).toBe(0);
    expect(change(guest, XENMEM.decrease_reservation, [], { nr_extents: 0xffffffff, extent_start: 0 })).toBeLessThan(
      64,
    );
  });

  it("places shared_info where the guest wants it, its content with it", () => {
    const guest = one();
    const place = (gpfn: number, space: number = XENMAPSPACE.shared_info, idx = 0) =>
      guest.with(HYPERCALL.memory_op, XENMEM.add_to_physmap, ADD_TO_PHYSMAP, { domid: SELF, space, idx, gpfn }).result;
    guest.guest.raise(3);
    expect(place(7)).toBe(0);
    expect(guest.view().getUint32(7 * PAGE + 2048, true)).toBe(8);
    expect(place(9)).toBe(0);
    expect(guest.view().getUint32(9 * PAGE + 2048, true)).toBe(8);
    expect(guest.view().getUint32(7 * PAGE + 2048, true)).toBe(0);
    expect(named(place(64))).toBe("EINVAL");
    expect(named(place(9, XENMAPSPACE.shared_info, 1))).toBe("EINVAL");
    expect(named(place(9, XENMAPSPACE.gmfn))).toBe("ENOSYS");
    expect(named(place(9, XENMAPSPACE.grant_table, 32))).toBe("EINVAL");
    expect(named(place(9, XENMAPSPACE.grant_table, 0x80000000))).toBe("EINVAL");
    expect(change(guest, XENMEM.decrease_reservation, [9])).toBe(1);
    expect(guest.guest.words.isPending(3)).toBe(true);
    expect(place(10)).toBe(0);
    expect(guest.view().getUint32(10 * PAGE + 2048, true)).toBe(8);
  });
});

describe("hvm_op", () => {
  it("lets a guest read and write what Xen lets it", () => {
    const guest = one();
    const param = (command: number, index: number, value = 0n, domid = SELF) =>
      guest.with(HYPERCALL.hvm_op, command, HVM_PARAM_ARGUMENT, { domid, index, value });
    guest.guest.params.set(HVM_PARAM.STORE_PFN, 77n);
    expect(param(HVMOP.get_param, HVM_PARAM.STORE_PFN)).toMatchObject({ result: 0, value: 77n });
    expect(named(param(HVMOP.set_param, HVM_PARAM.STORE_PFN, 1n).result)).toBe("EPERM");
    expect(param(HVMOP.set_param, HVM_PARAM.STORE_EVTCHN, 5n).result).toBe(0);
    expect(param(HVMOP.get_param, HVM_PARAM.STORE_EVTCHN).value).toBe(5n);
    expect(named(param(HVMOP.get_param, 5).result)).toBe("EPERM");
    expect(named(param(HVMOP.get_param, 4).result)).toBe("EINVAL");
    expect(named(param(HVMOP.get_param, 39).result)).toBe("EINVAL");
    expect(named(param(HVMOP.get_param, HVM_PARAM.STORE_PFN, 0n, 2).result)).toBe("EPERM");
    expect(named(param(HVMOP.set_param, HVM_PARAM.CALLBACK_IRQ, (2n << 56n) | 3n).result)).toBe("EINVAL");
    expect(named(param(HVMOP.pagetable_dying, 0).result)).toBe("ENOSYS");
  });
});

describe("vcpu_op", () => {
  const boundTimer = () => {
    const guest = one();
    guest.with(HYPERCALL.event_channel_op, EVTCHNOP.bind_virq, BIND_VIRQ, { virq: VIRQ.timer });
    const ticked = () => {
      const pending = guest.guest.words.isPending(1);
      guest.guest.words.clear(1);
      return pending;
    };
    return { guest, ticked };
  };
  const vcpu = (guest: TestGuest, command: number, args: number) =>
    named(guest.call(HYPERCALL.vcpu_op, command, 0, args));

  it("raises VIRQ_TIMER when a one-shot timer runs out, at once for the past, unless it was stopped", () => {
    const { guest, ticked } = boundTimer();
    const set = (at: bigint, flags = 0) =>
      vcpu(guest, VCPUOP.set_singleshot_timer, guest.put(SET_SINGLESHOT_TIMER, { timeout_abs_ns: at, flags }));
    expect(set(5_000_000n)).toBe(0);
    guest.cpu.advance(4);
    expect(ticked()).toBe(false);
    guest.cpu.advance(2);
    expect(ticked()).toBe(true);
    expect(set(20_000_000n)).toBe(0);
    expect(vcpu(guest, VCPUOP.stop_singleshot_timer, 0)).toBe(0);
    guest.cpu.advance(50);
    expect(ticked()).toBe(false);
    expect(set(1n, 1)).toBe("ETIME");
    expect(set(1n)).toBe(0);
    guest.cpu.advance(0);
    expect(ticked()).toBe(true);
  });

  it("raises it again and again for a periodic one, and once for periods that were missed", () => {
    const { guest, ticked } = boundTimer();
    const set = (period_ns: bigint) =>
      vcpu(guest, VCPUOP.set_periodic_timer, guest.put(SET_PERIODIC_TIMER, { period_ns }));
    expect(set(999_999n)).toBe("EINVAL");
    expect(set(10_000_000n)).toBe(0);
    for (let period = 0; period < 3; period++) {
      guest.cpu.advance(10);
      expect(ticked()).toBe(true);
    }
    expect(vcpu(guest, VCPUOP.stop_periodic_timer, 0)).toBe(0);
    guest.cpu.advance(100);
    expect(ticked()).toBe(false);
  });

  it("knows one VCPU, which is up and runs", () => {
    const guest = one();
    guest.cpu.advance(3);
    expect(vcpu(guest, VCPUOP.is_up, 0)).toBe(1);
    expect(named(guest.call(HYPERCALL.vcpu_op, VCPUOP.is_up, 1, 0))).toBe("ENOENT");
    expect(vcpu(guest, VCPUOP.initialise, 0)).toBe("EEXIST");
    const area = guest.put(REGISTER_MEMORY_AREA, { va: 0x3000 });
    expect(vcpu(guest, VCPUOP.register_runstate_memory_area, area)).toBe(0);
    expect(guest.view().getBigUint64(0x3000 + RUNSTATE_INFO.fields.time_running[0], true)).toBe(3_000_000n);
    expect(vcpu(guest, 99, 0)).toBe("ENOSYS");
  });
});

describe("sched_op", () => {
  it("hands the reason of a shutdown on, and what the toolstack answers back", () => {
    const guest = one();
    const reasons: number[] = [];
    guest.guest.onShutdown = (reason) => {
      reasons.push(reason);
      return 1;
    };
    const shutdown = (reason: number) =>
      guest.with(HYPERCALL.sched_op, SCHEDOP.shutdown, SCHED_SHUTDOWN, { reason }).result;
    expect(shutdown(SHUTDOWN.suspend)).toBe(1);
    shutdown(99);
    expect(reasons).toEqual([SHUTDOWN.suspend, 99]);
  });

  it("ends a domain whose watchdog is not renewed", () => {
    const guest = one();
    const reasons: number[] = [];
    guest.guest.onShutdown = (reason) => reasons.push(reason);
    const watchdog = (id: number, timeout: number) =>
      guest.with(HYPERCALL.sched_op, SCHEDOP.watchdog, SCHED_WATCHDOG, { id, timeout }).result;
    expect(watchdog(0, 10)).toBe(1);
    guest.cpu.advance(9000);
    expect(watchdog(1, 10)).toBe(0);
    guest.cpu.advance(9000);
    expect(reasons).toEqual([]);
    guest.cpu.advance(2000);
    expect(reasons).toEqual([SHUTDOWN.watchdog]);
    expect([watchdog(0, 5), watchdog(0, 5), named(watchdog(0, 5)), named(watchdog(3, 1))]).toEqual([
      1,
      2,
      "EEXIST",
      "EINVAL",
    ]);
  });
});

describe("a hypercall", () => {
  it("that does not exist is ENOSYS, one with an argument nowhere EFAULT", () => {
    const guest = one();
    expect(named(guest.call(1))).toBe("ENOSYS");
    expect(named(guest.call(0xffffffff))).toBe("ENOSYS");
    expect(named(guest.call(HYPERCALL.physdev_op, 12, guest.scratch))).toBe("ENOSYS");
    guest.cpu.unmapped.add(3);
    expect(named(guest.call(HYPERCALL.hvm_op, HVMOP.get_param, 3 * PAGE - 4))).toBe("EFAULT");
    expect(named(guest.call(HYPERCALL.event_channel_op, EVTCHNOP.send, 0xffffffff))).toBe("EFAULT");
  });

  it("may be one of several in one, each with a result of its own", () => {
    const guest = one();
    const at = 0x3000;
    const entries = [
      [HYPERCALL.xen_version, XENVER.version],
      [99, 0],
      [HYPERCALL.multicall, 0],
    ];
    for (const [index, [number, command]] of entries.entries()) {
      guest.view().setUint32(at + index * MULTICALL_ENTRY_BYTES, number!, true);
      guest.view().setUint32(at + index * MULTICALL_ENTRY_BYTES + 8, command!, true);
    }
    expect(guest.call(HYPERCALL.multicall, at, 3)).toBe(0);
    const results = [0, 1, 2].map((index) => guest.view().getInt32(at + index * MULTICALL_ENTRY_BYTES + 4, true));
    expect(results.map(named)).toEqual([(4 << 16) | 17, "ENOSYS", "EINVAL"]);
    expect(named(guest.call(HYPERCALL.multicall, at, 65))).toBe("EINVAL");
  });

  it("writes to the emergency console what the guest says, a bounded piece at a time", () => {
    const said: string[] = [];
    const events = {
      emergencyConsole: (_guest: unknown, bytes: Uint8Array) => said.push(new TextDecoder().decode(bytes)),
      ringOf: () => undefined,
      sending: () => {},
    };
    const guest = new TestGuest(new Xen(events), 1);
    guest.cpu.memory().set(new TextEncoder().encode("hello"), 0x4000);
    expect(guest.call(HYPERCALL.console_io, CONSOLEIO.write, 5, 0x4000)).toBe(0);
    expect(said).toEqual(["hello"]);
    guest.call(HYPERCALL.console_io, CONSOLEIO.write, 0xffffffff, 0x4000);
    expect(said[1]!.length).toBe(PAGE);
    expect(named(guest.call(HYPERCALL.console_io, 9, 1, 0x4000))).toBe("ENOSYS");
  });

  it("with any number and any arguments harms nobody but its guest", () => {
    const word = fc.oneof(
      fc.nat(40),
      fc.constantFrom(0x1000, 0x3e000, 0x3fffe, 0xffffffff, 0x80000000, 4096 * 62),
      fc.nat(),
    );
    fc.assert(
      fc.property(
        fc.array(fc.record({ number: fc.nat(64), args: fc.array(word, { minLength: 5, maxLength: 5 }) }), {
          maxLength: 30,
        }),
        fc.uint8Array({ minLength: 4096, maxLength: 4096 }),
        (calls, noise) => {
          const { xen, guests } = hypervisor(2);
          const [bad, other] = guests as [TestGuest, TestGuest];
          other.cpu.memory().fill(0xa5);
          bad.cpu.memory().set(noise, bad.scratch);
          bad.turn(() => {
            for (const { number, args } of calls) bad.call(number, ...args);
          });
          expect(bad.crashes).toEqual([]);
          expect(other.cpu.memory().every((byte) => byte === 0xa5)).toBe(true);
          expect(other.cpu.upcall).toBeUndefined();
          xen.destroy(bad.guest);
          expect(other.crashes).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});
