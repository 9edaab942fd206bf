import { describe, expect, it } from "vitest";
import { FRAME, type Kernel } from "../../../src/cli/bench/fuzz/kernel.ts";
import { DOMID, PAGE_SIZE } from "../../../src/xen/abi/domains.ts";
import { ERRNO } from "../../../src/xen/abi/errors.ts";
import { ALLOC_UNBOUND, BIND_INTERDOMAIN, EVTCHNOP, PORT_ONLY, RESET } from "../../../src/xen/abi/event-channel.ts";
import { HYPERCALL, MULTICALL_ENTRY_BYTES } from "../../../src/xen/abi/hypercalls.ts";
import { MEMORY_RESERVATION, XENMEM } from "../../../src/xen/abi/memory.ts";
import { world } from "./world.ts";

function bind(kernel: Kernel, remote_dom: number, remote_port: number) {
  const values = { remote_dom, remote_port };
  return kernel.ask(HYPERCALL.event_channel_op, EVTCHNOP.bind_interdomain, BIND_INTERDOMAIN, values);
}

const close = (kernel: Kernel, port: number) =>
  kernel.ask(HYPERCALL.event_channel_op, EVTCHNOP.close, PORT_ONLY, { port }).result;

describe("event channels", () => {
  it("reach only who offered a port for one (connection to others' ports)", () => {
    const { neighbours, one, other, unharmed } = world();
    const offered = other.kernel.turn(() => other.kernel.port(other.id));
    one.kernel.turn(() => {
      for (const domain of [neighbours.victimId, 0, other.id]) {
        for (let port = 0; port < 1030; port++) expect(bind(one.kernel, domain, port).result).toBe(-ERRNO.EINVAL);
      }
      expect(bind(one.kernel, other.id, offered).result).toBe(-ERRNO.EINVAL);
      expect(bind(one.kernel, 77, 1).result).toBe(-ERRNO.ESRCH);
    });
    expect(unharmed()).toBeUndefined();
  });

  it("to oneself work, and end with either end (self-connection)", () => {
    const { one, unharmed } = world();
    const { kernel } = one;
    kernel.turn(() => {
      const first = kernel.port(DOMID.self);
      const { local_port: second, result } = bind(kernel, DOMID.self, first);
      expect([result, second === first]).toEqual([0, false]);
      kernel.takeEvents();
      kernel.send(first);
      expect(kernel.takeEvents()).toEqual([second]);
      kernel.send(second);
      expect(kernel.takeEvents()).toEqual([first]);
      expect(bind(kernel, DOMID.self, first).result).toBe(-ERRNO.EINVAL);
      expect([close(kernel, first), close(kernel, first)]).toEqual([0, -ERRNO.EINVAL]);
      kernel.send(second);
      expect(kernel.takeEvents()).toEqual([]);
    });
    expect(unharmed()).toBeUndefined();
  });

  it("in a storm cost the sender a constant for each, and the receiver one upcall (XSA-332, XSA-391)", () => {
    const { neighbours, one, other, unharmed } = world();
    const offered = other.kernel.turn(() => other.kernel.port(one.id));
    const { guests } = neighbours.platform.xen;
    const upcalls = () => guests.get(other.id)!.words.upcalls;
    one.kernel.turn(() => {
      const { local_port } = bind(one.kernel, other.id, offered);
      const before = upcalls();
      const costs = [100, 10_000].map((count) => {
        const { count: steps } = neighbours.steps;
        for (let i = 0; i < count; i++) one.kernel.send(local_port);
        return (neighbours.steps.count - steps) / count;
      });
      expect(costs[1]).toBeLessThanOrEqual(costs[0]!);
      expect(upcalls() - before).toBeLessThanOrEqual(1);
    });
    expect(unharmed()).toBeUndefined();
  });

  it("at a backend in a storm are looked at once a turn, and xenstored's when there is something to read", () => {
    const { neighbours, one, devices, unharmed } = world();
    const idle = () => {
      const { count } = neighbours.steps;
      one.kernel.place.afterTurn();
      return neighbours.steps.count - count;
    };
    const costOf = (sends: number) => {
      one.kernel.place.beforeTurn();
      for (let i = 0; i < sends; i++) {
        one.kernel.send(devices.block.port);
        one.kernel.send(one.kernel.storePort);
      }
      return idle();
    };
    costOf(1);
    expect(costOf(5000)).toBeLessThanOrEqual(costOf(1));
    expect(unharmed()).toBeUndefined();
  });

  it("run out for who takes them all, and for nobody else; a port that is not there is none (XSA-317, XSA-338)", () => {
    const { one, other, unharmed } = world();
    const { kernel } = one;
    const offered = other.kernel.turn(() => other.kernel.port(one.id));
    kernel.turn(() => {
      const alloc = () => {
        const values = { dom: DOMID.self, remote_dom: 0 };
        return kernel.ask(HYPERCALL.event_channel_op, EVTCHNOP.alloc_unbound, ALLOC_UNBOUND, values).result;
      };
      let taken = 0;
      while (alloc() === 0) taken++;
      expect(alloc()).toBe(-ERRNO.ENOSPC);
      expect(taken).toBeLessThan(1024);
      // A failed binding leaves the other end free: with a port to spare it succeeds.
      expect(bind(kernel, other.id, offered).result).toBe(-ERRNO.ENOSPC);
      expect(close(kernel, 900)).toBe(0);
      expect(bind(kernel, other.id, offered)).toMatchObject({ result: 0, local_port: 900 });
      for (const port of [0, 1024, 4096, 0x7fffffff, 0xffffffff]) {
        kernel.view.setUint32(FRAME.argument * PAGE_SIZE, port, true);
        const results = [EVTCHNOP.send, EVTCHNOP.unmask, EVTCHNOP.close].map((command) => {
          return kernel.call(HYPERCALL.event_channel_op, command, FRAME.argument * PAGE_SIZE);
        });
        expect(results).toEqual([-ERRNO.EINVAL, -ERRNO.EINVAL, -ERRNO.EINVAL]);
      }
    });
    expect(unharmed()).toBeUndefined();
  });

  it("closed all at once, by hand or by the guest's end, take a bounded time (XSA-343, XSA-344)", () => {
    const { neighbours, one, other, unharmed } = world();
    const offers = other.kernel.turn(() => Array.from({ length: 900 }, () => other.kernel.port(one.id)));
    one.kernel.turn(() => {
      for (const port of offers) expect(bind(one.kernel, other.id, port).result).toBe(0);
    });
    const before = neighbours.steps.count;
    one.kernel.turn(() => one.kernel.ask(HYPERCALL.event_channel_op, EVTCHNOP.reset, RESET, { dom: DOMID.self }));
    expect(neighbours.steps.count - before).toBeLessThan(20_000);
    one.kernel.turn(() => {
      for (const port of offers) expect(bind(one.kernel, other.id, port).result).toBe(0);
    });
    const end = neighbours.steps.count;
    one.kernel.place.detach();
    expect(neighbours.steps.count - end).toBeLessThan(20_000);
    expect(neighbours.platform.xen.portsOf(0)!.open.size).toBeLessThan(16);
    expect(unharmed()).toBeUndefined();
  });

  it("leave nothing behind of domains that come and go", () => {
    const { neighbours, unharmed } = world();
    const sizes = () => [
      neighbours.platform.xen.portsOf(0)!.open.size,
      neighbours.platform.xen.guests.size,
      neighbours.platform.xen.sharing.pages.size,
      neighbours.platform.store.probe().nodes.length,
      neighbours.platform.store.probe().watches.length,
    ];
    neighbours.restart(0);
    const before = sizes();
    for (let i = 0; i < 20; i++) neighbours.restart(0);
    expect(sizes()).toEqual(before);
    expect(unharmed()).toBeUndefined();
  });
});

describe("one hypercall", () => {
  /** A list of calls, each as long as it may be. */
  function many(kernel: Kernel, words: readonly number[]): number {
    const list = 512 * PAGE_SIZE;
    for (let i = 0; i < 64; i++) {
      for (const [at, word] of words.entries()) {
        kernel.view.setUint32(list + i * MULTICALL_ENTRY_BYTES + (at === 0 ? 0 : 4 + 4 * at), word, true);
      }
    }
    return kernel.call(HYPERCALL.multicall, list, 64);
  }

  it.each([
    ["grants mapped", [HYPERCALL.grant_table_op, 0, 256 * PAGE_SIZE, 4096]],
    ["grants copied", [HYPERCALL.grant_table_op, 5, 256 * PAGE_SIZE, 4096]],
    ["lines on the console", [HYPERCALL.console_io, 0, 4096, 256 * PAGE_SIZE]],
  ])("of many, each of many %s, is no way to hold up the others", (_what, words) => {
    const { neighbours, one, unharmed } = world();
    const before = neighbours.steps.count;
    one.kernel.turn(() => many(one.kernel, words));
    expect(neighbours.steps.count - before).toBeLessThan(200_000);
    expect(unharmed()).toBeUndefined();
  });

  it("that gives up or takes all memory again and again is no way to hold up the others", () => {
    const { neighbours, one, unharmed } = world();
    const { kernel } = one;
    const list = 256 * PAGE_SIZE;
    const before = neighbours.steps.count;
    kernel.turn(() => {
      for (let i = 0; i < 512; i++) kernel.view.setUint32(list + 4 * i, 300 + i, true);
      const values = { extent_start: list, nr_extents: 0xffffffff, extent_order: 0, domid: DOMID.self };
      const at = FRAME.argument * PAGE_SIZE;
      kernel.ask(HYPERCALL.memory_op, XENMEM.decrease_reservation, MEMORY_RESERVATION, values);
      many(kernel, [HYPERCALL.memory_op, XENMEM.populate_physmap, at]);
    });
    expect(neighbours.steps.count - before).toBeLessThan(200_000);
    expect(unharmed()).toBeUndefined();
  });
});
