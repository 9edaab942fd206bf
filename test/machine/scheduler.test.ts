import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Scheduler } from "../../src/machine/scheduler.ts";
import { Internals } from "../../src/machine/v86-internals.ts";

/** The parts of an emulator a scheduler moves: a CPU whose turn does what a test says. */
function emulator(turn: () => number) {
  let tick = 0;
  const v86 = {
    running: true,
    unregister_yield: () => {},
    yield: (_delay: number, _tick: number) => {},
    next_tick: (delay: number) => v86.yield(delay, ++tick),
    yield_callback: (asked: number) => {
      if (asked === tick) v86.next_tick(v86.cpu.main_loop());
    },
    cpu: {
      main_loop: turn,
      in_hlt: [0],
      instruction_counter: [0],
      current_tsc: [0, 0],
      store_current_tsc: () => {},
      set_tsc: vi.fn(),
      set_jit_config: vi.fn(),
      device_raise_irq: () => {},
      device_lower_irq: () => {},
      io: { ports: [] },
      devices: { virtio_console: { virtio: {} } },
    },
  };
  return v86;
}

function schedule(turn: () => number) {
  const v86 = emulator(turn);
  const onFault = vi.fn();
  const internals = new Internals(v86 as unknown as ConstructorParameters<typeof Internals>[0], {
    send: () => {},
    register: () => {},
  });
  const scheduler = new Scheduler(internals, onFault);
  return { v86, scheduler, onFault };
}

describe("a machine's clock", () => {
  it("stands still in a pause, goes on behind it, and can be set while it stands", async () => {
    const { scheduler } = schedule(() => 0);
    const later = () => new Promise((resolve) => setTimeout(resolve, 5));
    scheduler.pause("user");
    const stood = scheduler.now();
    await later();
    expect(scheduler.now()).toBe(stood);
    scheduler.pause("slow");
    scheduler.resume("user");
    await later();
    expect(scheduler.now()).toBe(stood);
    scheduler.resume("slow");
    await later();
    expect(scheduler.now()).toBeGreaterThan(stood);
    scheduler.pause("held");
    scheduler.setClock(1e6);
    expect(scheduler.now()).toBe(1e6);
    scheduler.resume("held");
    expect(scheduler.now()).toBeGreaterThanOrEqual(1e6);
  });
});

describe("a scheduler", () => {
  it("reports a turn that throws, once, and takes no other", async () => {
    const turn = vi.fn(() => {
      throw new WebAssembly.RuntimeError("unreachable");
    });
    const { v86, scheduler, onFault } = schedule(turn);
    v86.next_tick(0);
    await vi.waitFor(() => expect(onFault).toHaveBeenCalledWith(expect.any(WebAssembly.RuntimeError)));
    v86.next_tick(0);
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect([turn.mock.calls.length, onFault.mock.calls.length, scheduler.running]).toEqual([1, 1, false]);
  });

  it("takes no turn while any reason to pause is left, and goes on where it was", async () => {
    const turn = vi.fn(() => 0);
    const { v86, scheduler } = schedule(turn);
    scheduler.pause("user");
    scheduler.pause("console");
    v86.next_tick(0);
    scheduler.resume("user");
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(turn).not.toHaveBeenCalled();
    scheduler.resume("console");
    await vi.waitFor(() => expect(turn).toHaveBeenCalled());
    expect(v86.cpu.set_tsc).toHaveBeenCalledTimes(1);
    scheduler.pause("stopped");
  });

  describe("compiles", () => {
    /** A guest that halts after each turn, with a timer due in 4 ms. */
    function halting(instructions: number) {
      let each = instructions;
      const work = (next: number) => {
        each = next;
      };
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
      onTestFinished(() => {
        vi.useRealTimers();
      });
      const turn = vi.fn(() => {
        v86.cpu.instruction_counter[0]! += each;
        return 4;
      });
      const { v86, scheduler } = schedule(turn);
      v86.cpu.in_hlt[0] = 1;
      const turns = async (count: number, between: () => void) => {
        for (const until = turn.mock.calls.length + count; turn.mock.calls.length < until; ) {
          between();
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      return { v86, scheduler, turns, work };
    }

    it("for a guest that works much between its rests, and no more when it only rests", async () => {
      const { v86, scheduler, turns, work } = halting(200_000);
      v86.next_tick(0);
      await turns(1000, () => vi.advanceTimersByTime(4));
      expect(scheduler.jit).toBe(true);
      work(0);
      await turns(1000, () => vi.advanceTimersByTime(4));
      expect(scheduler.jit).toBe(false);
    });

    it("for one that halts for every packet and is woken by the next, however little it gets done", async () => {
      const { v86, scheduler, turns } = halting(50_000);
      await turns(2100, () => {
        vi.advanceTimersByTime(3);
        v86.next_tick(0); // what v86 does when a device raises its line
      });
      expect(scheduler.jit).toBe(true);
    });

    it("for none that works a little at its every tick", async () => {
      const { v86, scheduler, turns } = halting(10_000);
      v86.next_tick(0);
      await turns(12_000, () => vi.advanceTimersByTime(4));
      expect(scheduler.jit).toBe(false);
    });
  });

  it("rests while the guest halts, and wakes for an interrupt before the rest is over", async () => {
    const turn = vi.fn(() => 1e6);
    const { v86, scheduler } = schedule(turn);
    v86.cpu.in_hlt[0] = 1;
    v86.next_tick(0);
    await vi.waitFor(() => expect(turn).toHaveBeenCalledTimes(1));
    v86.next_tick(0); // what v86 does when a device raises its line
    await vi.waitFor(() => expect(turn).toHaveBeenCalledTimes(2));
    scheduler.pause("stopped");
  });
});
