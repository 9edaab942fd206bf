import { describe, expect, it } from "vitest";
import {
  ALLOC_UNBOUND,
  BIND_INTERDOMAIN,
  BIND_IPI,
  BIND_VCPU,
  BIND_VIRQ,
  CHANNELS_2L,
  EVTCHNOP,
  EVTCHNSTAT,
  PORT_ONLY,
  RESET,
  STATUS,
  VIRQ,
} from "../../../src/xen/abi/event-channel.ts";
import { HYPERCALL } from "../../../src/xen/abi/hypercalls.ts";
import { hypervisor, named, type TestGuest } from "./processor.ts";

const SELF = 0x7ff0;
const OP = HYPERCALL.event_channel_op;

const alloc = (guest: TestGuest, remote_dom: number) =>
  guest.with(OP, EVTCHNOP.alloc_unbound, ALLOC_UNBOUND, { dom: SELF, remote_dom });
const bind = (guest: TestGuest, remote_dom: number, remote_port: number) =>
  guest.with(OP, EVTCHNOP.bind_interdomain, BIND_INTERDOMAIN, { remote_dom, remote_port });
const port = (guest: TestGuest, command: number, number: number) =>
  named(guest.with(OP, command, PORT_ONLY, { port: number }).result);
const status = (guest: TestGuest, number: number) =>
  guest.with(OP, EVTCHNOP.status, STATUS, { dom: SELF, port: number });

/** Two guests with a channel between them: ports of the first and of the second. */
function connected() {
  const { xen, guests } = hypervisor(2);
  const [a, b] = guests as [TestGuest, TestGuest];
  const { port: ofA } = alloc(a, 2);
  const { local_port: ofB } = bind(b, 1, ofA);
  return { xen, a, b, ofA, ofB };
}

describe("event channels", () => {
  it("connect a port that waits for the caller's domain, and leave it pending at the caller", () => {
    const { a, b, ofA, ofB } = connected();
    expect(status(a, ofA)).toMatchObject({ status: EVTCHNSTAT.interdomain, u: 2, u_port: ofB });
    expect(status(b, ofB)).toMatchObject({ status: EVTCHNSTAT.interdomain, u: 1, u_port: ofA });
    expect(b.guest.words.isPending(ofB)).toBe(true);
    expect(a.guest.words.isPending(ofA)).toBe(false);
  });

  it("refuse a port that waits for another, is bound already, or is not there", () => {
    const { guests } = hypervisor(3);
    const [a, b, c] = guests as [TestGuest, TestGuest, TestGuest];
    const { port: waiting } = alloc(a, 2);
    expect(named(bind(c, 1, waiting).result)).toBe("EINVAL");
    expect(named(bind(b, 1, waiting + 1).result)).toBe("EINVAL");
    expect(named(bind(b, 9, waiting).result)).toBe("ESRCH");
    expect(bind(b, 1, waiting).result).toBe(0);
    expect(named(bind(b, 1, waiting).result)).toBe("EINVAL");
  });

  it("carry events both ways, and lose those sent while the other end is unbound", () => {
    const { a, b, ofA, ofB } = connected();
    b.guest.words.clear(ofB);
    expect(port(a, EVTCHNOP.send, ofA)).toBe(0);
    expect(b.guest.words.isPending(ofB)).toBe(true);
    expect(port(b, EVTCHNOP.close, ofB)).toBe(0);
    expect(status(a, ofA)).toMatchObject({ status: EVTCHNSTAT.unbound, u: 2 });
    expect(port(a, EVTCHNOP.send, ofA)).toBe(0);
    expect(port(b, EVTCHNOP.send, ofB)).toBe("EINVAL");
  });

  it("allow a guest to connect to itself, as Xen does", () => {
    const { guests } = hypervisor(1);
    const [a] = guests as [TestGuest];
    const first = alloc(a, SELF).port;
    const second = bind(a, SELF, first).local_port;
    a.guest.words.clear(second);
    expect(port(a, EVTCHNOP.send, first)).toBe(0);
    expect(a.guest.words.isPending(second)).toBe(true);
    expect(port(a, EVTCHNOP.close, first)).toBe(0);
    expect(status(a, second).status).toBe(EVTCHNSTAT.unbound);
  });

  it("bind each VIRQ once, on the one VCPU", () => {
    const { guests } = hypervisor(1);
    const [a] = guests as [TestGuest];
    const virq = (number: number, vcpu = 0) =>
      named(a.with(OP, EVTCHNOP.bind_virq, BIND_VIRQ, { virq: number, vcpu }).result);
    expect(virq(VIRQ.timer)).toBe(0);
    expect(virq(VIRQ.timer)).toBe("EEXIST");
    expect(virq(VIRQ.debug, 1)).toBe("ENOENT");
    expect(virq(VIRQ.console, 1)).toBe("EINVAL");
    expect(virq(24)).toBe("EINVAL");
    expect(status(a, 1)).toMatchObject({ status: EVTCHNSTAT.virq, u: VIRQ.timer });
    expect(port(a, EVTCHNOP.send, 1)).toBe("EINVAL");
  });

  it("send an IPI to the sender itself", () => {
    const { guests } = hypervisor(1);
    const [a] = guests as [TestGuest];
    const ipi = a.with(OP, EVTCHNOP.bind_ipi, BIND_IPI, { vcpu: 0 });
    expect(port(a, EVTCHNOP.send, ipi.port)).toBe(0);
    expect(a.guest.words.isPending(ipi.port)).toBe(true);
    expect(named(a.with(OP, EVTCHNOP.bind_ipi, BIND_IPI, { vcpu: 1 }).result)).toBe("ENOENT");
    expect(named(a.with(OP, EVTCHNOP.bind_vcpu, BIND_VCPU, { port: ipi.port, vcpu: 0 }).result)).toBe("EINVAL");
  });

  it("are as many as the 2-level ABI of a 32-bit guest has, and no more", () => {
    const { guests } = hypervisor(1);
    const [a] = guests as [TestGuest];
    for (let number = 1; number < CHANNELS_2L; number++) expect(alloc(a, 7).port).toBe(number);
    expect(named(alloc(a, 7).result)).toBe("ENOSPC");
    expect(port(a, EVTCHNOP.close, 5)).toBe(0);
    expect(alloc(a, 7).port).toBe(5);
    for (const number of [0, CHANNELS_2L, 0xffffffff]) {
      expect(port(a, EVTCHNOP.send, number)).toBe("EINVAL");
      expect(port(a, EVTCHNOP.close, number)).toBe("EINVAL");
      expect(port(a, EVTCHNOP.unmask, number)).toBe("EINVAL");
      expect(named(status(a, number).result)).toBe("EINVAL");
    }
  });

  it("are all closed by a reset, which the other ends notice", () => {
    const { a, b, ofA, ofB } = connected();
    expect(a.with(OP, EVTCHNOP.reset, RESET, { dom: SELF }).result).toBe(0);
    expect(status(a, ofA).status).toBe(EVTCHNSTAT.closed);
    expect(status(b, ofB)).toMatchObject({ status: EVTCHNSTAT.unbound, u: 1 });
    expect(named(a.with(OP, EVTCHNOP.reset, RESET, { dom: 2 }).result)).toBe("EPERM");
  });

  it("of a domain that is gone are unbound at the other end", () => {
    const { xen, a, b, ofB } = connected();
    xen.destroy(a.guest);
    expect(status(b, ofB)).toMatchObject({ status: EVTCHNSTAT.unbound, u: 1 });
    expect(port(b, EVTCHNOP.send, ofB)).toBe(0);
    expect(named(bind(b, 1, 1).result)).toBe("ESRCH");
  });

  it("refuse the FIFO interface, so that Linux takes the 2-level one", () => {
    const { guests } = hypervisor(1);
    const [a] = guests as [TestGuest];
    for (const command of [EVTCHNOP.init_control, EVTCHNOP.expand_array, EVTCHNOP.set_priority, 99]) {
      expect(named(a.call(OP, command, a.scratch))).toBe("ENOSYS");
    }
  });

  it("do not let a storm of one guest reach another's processor more than once", () => {
    const { a, b, ofA, ofB } = connected();
    b.guest.words.clear(ofB);
    const before = b.cpu.woken;
    for (let count = 0; count < 1000; count++) port(a, EVTCHNOP.send, ofA);
    expect(b.cpu.woken - before).toBeLessThanOrEqual(1);
  });
});
