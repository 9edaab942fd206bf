import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVTCHNOP, PORT_ONLY } from "../../../src/xen/abi/event-channel.ts";
import { HVM_PARAM_ARGUMENT, HVMOP } from "../../../src/xen/abi/hvm.ts";
import { HYPERCALL } from "../../../src/xen/abi/hypercalls.ts";
import { ADD_TO_PHYSMAP, XENMAPSPACE, XENMEM } from "../../../src/xen/abi/memory.ts";
import { SHARED_INFO, VCPU_INFO } from "../../../src/xen/abi/shared-info.ts";
import { REGISTER_VCPU_INFO, VCPUOP } from "../../../src/xen/abi/vcpu.ts";
import { hypervisor, PAGE, type TestGuest } from "./processor.ts";

const SELF = 0x7ff0;
const SHARED = 3;

/** A guest that takes events as Linux does (drivers/xen/events/events_2l.c), in single steps. */
class EventHandler {
  readonly guest: TestGuest;
  /** Times each port's handler ran. */
  readonly handled = new Map<number, number>();
  #vcpu: number;

  constructor(guest: TestGuest) {
    this.guest = guest;
    const space = { domid: SELF, space: XENMAPSPACE.shared_info, idx: 0, gpfn: SHARED };
    guest.with(HYPERCALL.memory_op, XENMEM.add_to_physmap, ADD_TO_PHYSMAP, space);
    const value = (2n << 56n) | 0xf3n;
    guest.with(HYPERCALL.hvm_op, HVMOP.set_param, HVM_PARAM_ARGUMENT, { domid: SELF, index: 0, value });
    this.#vcpu = SHARED * PAGE;
  }

  moveVcpuInfo(gfn: number, offset: number): number {
    const moved = { mfn: BigInt(gfn), offset };
    const args = this.guest.put(REGISTER_VCPU_INFO, moved);
    const result = this.guest.call(HYPERCALL.vcpu_op, VCPUOP.register_vcpu_info, 0, args);
    if (result === 0) this.#vcpu = gfn * PAGE + offset;
    return result;
  }

  get upcallPending(): boolean {
    return this.guest.view().getUint8(this.#vcpu + VCPU_INFO.evtchn_upcall_pending) !== 0;
  }

  /** One upcall: clear the flag, take the selectors, then the pending bits that are not masked. */
  upcall(): void {
    const view = this.guest.view();
    view.setUint8(this.#vcpu + VCPU_INFO.evtchn_upcall_pending, 0);
    const selectors = view.getUint32(this.#vcpu + VCPU_INFO.evtchn_pending_sel, true);
    view.setUint32(this.#vcpu + VCPU_INFO.evtchn_pending_sel, 0, true);
    for (let word = 0; word < 32; word++) {
      if (!((selectors >>> word) & 1)) continue;
      for (let bit = 0; bit < 32; bit++) if (this.#takes(word * 32 + bit)) this.#handle(word * 32 + bit);
    }
  }

  mask(port: number): void {
    this.#set(SHARED_INFO.evtchn_mask, port, true);
  }

  unmask(port: number): void {
    this.guest.with(HYPERCALL.event_channel_op, EVTCHNOP.unmask, PORT_ONLY, { port });
  }

  #takes(port: number): boolean {
    return this.#get(SHARED_INFO.evtchn_pending, port) && !this.#get(SHARED_INFO.evtchn_mask, port);
  }

  #handle(port: number): void {
    this.#set(SHARED_INFO.evtchn_pending, port, false);
    this.handled.set(port, (this.handled.get(port) ?? 0) + 1);
  }

  #get(words: number, port: number): boolean {
    return ((this.guest.view().getUint32(SHARED * PAGE + words + (port >>> 5) * 4, true) >>> (port & 31)) & 1) === 1;
  }

  #set(words: number, port: number, on: boolean): void {
    const at = SHARED * PAGE + words + (port >>> 5) * 4;
    const word = this.guest.view().getUint32(at, true);
    const bit = 1 << (port & 31);
    this.guest.view().setUint32(at, on ? word | bit : word & ~bit, true);
  }
}

const PORTS = [1, 2, 31, 32, 33, 500, 1023];

const step = fc.oneof(
  fc.record({ do: fc.constant("send" as const), port: fc.constantFrom(...PORTS) }),
  fc.record({ do: fc.constant("mask" as const), port: fc.constantFrom(...PORTS) }),
  fc.record({ do: fc.constant("unmask" as const), port: fc.constantFrom(...PORTS) }),
  fc.record({ do: fc.constant("upcall" as const), port: fc.constant(0) }),
  fc.record({ do: fc.constant("move" as const), port: fc.constant(0) }),
);

describe("upcalls", () => {
  it("reach the guest for every event, in whatever order it masks, unmasks, sends and looks", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [guest] = hypervisor(1).guests as [TestGuest];
        const handler = new EventHandler(guest);
        const owed = new Set<number>();
        const settle = () => {
          for (const [port, count] of handler.handled) if (count > 0) owed.delete(port);
          handler.handled.clear();
        };
        for (const { do: what, port } of steps) {
          if (what === "send") {
            guest.guest.raise(port);
            owed.add(port);
          } else if (what === "mask") handler.mask(port);
          else if (what === "unmask") handler.unmask(port);
          else if (what === "move") handler.moveVcpuInfo(5, 128);
          else if (handler.upcallPending) handler.upcall();
          settle();
        }
        for (const port of PORTS) handler.unmask(port);
        // a real processor interrupts as long as the flag is set
        for (let round = 0; handler.upcallPending && round < 10; round++) handler.upcall();
        settle();
        expect([...owed]).toEqual([]);
        expect(handler.upcallPending).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("are kept from before the guest placed shared_info", () => {
    const [guest] = hypervisor(1).guests as [TestGuest];
    guest.guest.raise(40);
    const handler = new EventHandler(guest);
    expect(handler.upcallPending).toBe(true);
    handler.upcall();
    expect(handler.handled.get(40)).toBe(1);
  });

  it("tell the processor where the flag is, and wake it", () => {
    const [guest] = hypervisor(1).guests as [TestGuest];
    const handler = new EventHandler(guest);
    expect(guest.cpu.upcall).toEqual({ flag: SHARED * PAGE, vector: 0xf3 });
    guest.cpu.asleep = true;
    guest.guest.raise(7);
    expect(guest.cpu.asleep).toBe(false);
    expect(handler.moveVcpuInfo(6, 64)).toBe(0);
    expect(guest.cpu.upcall).toEqual({ flag: 6 * PAGE + 64, vector: 0xf3 });
  });

  it("do not move a second time, over a frame's end, or out of memory", () => {
    const [guest] = hypervisor(1).guests as [TestGuest];
    const handler = new EventHandler(guest);
    expect(handler.moveVcpuInfo(6, PAGE - 60)).toBeLessThan(0);
    expect(handler.moveVcpuInfo(64, 0)).toBeLessThan(0);
    expect(handler.moveVcpuInfo(6, 64)).toBe(0);
    expect(handler.moveVcpuInfo(7, 0)).toBeLessThan(0);
  });

  it("come by the interrupt line where the guest has no vector, one edge for each time the flag is set", () => {
    const [guest] = hypervisor(1).guests as [TestGuest];
    const handler = new EventHandler(guest);
    const value = (1n << 56n) | (3n << 11n);
    guest.with(HYPERCALL.hvm_op, HVMOP.set_param, HVM_PARAM_ARGUMENT, { domid: SELF, index: 0, value });
    expect(guest.cpu.upcall).toBeUndefined();
    guest.guest.raise(9);
    guest.guest.raise(9);
    expect(guest.cpu.line.edges).toBe(1);
    handler.upcall();
    guest.guest.raise(9);
    expect(guest.cpu.line.edges).toBe(2);
  });
});
