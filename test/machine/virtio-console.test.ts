import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { concat } from "../../src/machine/bytes.ts";
import type { VirtioOptions } from "../../src/machine/devices/virtio.ts";
import { VirtioConsole } from "../../src/machine/devices/virtio-console.ts";
import type { Internals } from "../../src/machine/v86-internals.ts";

/** A driver's side of the device: queues as arrays, no memory. */
function driver(ports = 2) {
  const free: number[][] = Array.from({ length: 2 * ports + 2 }, () => []);
  const sent: Uint8Array[][] = Array.from({ length: 2 * ports + 2 }, () => []);
  const got: Uint8Array[][] = Array.from({ length: 2 * ports + 2 }, () => []);
  let options: VirtioOptions | undefined;
  const virtio = {
    needs_reset: vi.fn(),
    raise_irq: vi.fn(),
    reset: () => {},
    set_state: () => {},
    queues: free.map((_, index) => ({
      is_configured: () => true,
      has_request: () => free[index]!.length > 0 || sent[index]!.length > 0,
      pop_request: () => {
        const bytes = sent[index]!.shift();
        if (bytes) {
          return {
            length_readable: bytes.length,
            length_writable: 0,
            get_next_blob: (into: Uint8Array) => into.set(bytes),
          };
        }
        const room = free[index]!.shift()!;
        const set_next_blob = (from: Uint8Array) => got[index]!.push(from.slice(0, room));
        return { length_readable: 0, length_writable: room, set_next_blob };
      },
      push_reply: () => {},
      flush_replies: () => virtio.raise_irq(1),
    })),
  };
  const plugVirtio = (given: VirtioOptions) => {
    options = given;
    return virtio;
  };
  const internals = { plugVirtio, adoptConsole: () => {} };
  const notify = (queue: number) => options!.notification.handlers[queue]!(queue);
  const control = (port: number, event: number, value: number) => {
    const bytes = new Uint8Array(8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, port, true);
    view.setUint16(4, event, true);
    view.setUint16(6, value, true);
    sent[3]!.push(bytes);
    notify(3);
  };
  return { internals: internals as unknown as Internals, virtio, free, sent, got, notify, control };
}

const PORT_OPEN = 6;

describe("the console device", () => {
  it("keeps what the guest has no buffer for, and gives it in order when it has", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 })),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (pieces, rooms) => {
          const guest = driver();
          const device = new VirtioConsole(guest.internals, [{ name: "c", terminal: true, output: () => {} }]);
          for (const piece of pieces) device.send(0, piece);
          const all = concat(pieces);
          for (let turn = 0; concat(guest.got[0]!).length < all.length; turn++) {
            guest.free[0]!.push(rooms[turn % rooms.length]!);
            guest.notify(0);
          }
          expect(concat(guest.got[0]!)).toEqual(all);
        },
      ),
    );
  });

  it("drops what is sent to a stream nobody opened, and what its reader left behind", () => {
    const guest = driver();
    const opened = vi.fn();
    const ports = [
      { name: "c", terminal: true, output: () => {} },
      { name: "a", terminal: false, output: () => {}, opened },
    ];
    const device = new VirtioConsole(guest.internals, ports);
    device.send(1, Uint8Array.of(1));
    guest.control(1, PORT_OPEN, 1);
    device.send(1, Uint8Array.of(2));
    guest.control(1, PORT_OPEN, 0);
    guest.control(1, PORT_OPEN, 1);
    device.send(1, Uint8Array.of(3));
    guest.free[4]!.push(100);
    guest.notify(4);
    expect(guest.got[4]).toEqual([Uint8Array.of(3)]);
    expect(opened.mock.calls).toEqual([[true], [false], [true]]);
  });

  it("answers a chain of gigabytes with a demand for a reset and allocates nothing", () => {
    const guest = driver();
    const output = vi.fn();
    new VirtioConsole(guest.internals, [{ name: "c", terminal: true, output }]);
    guest.sent[1]!.push({ length: 0xffffffff } as unknown as Uint8Array);
    guest.notify(1);
    expect(guest.virtio.needs_reset).toHaveBeenCalled();
    expect(output).not.toHaveBeenCalled();
  });

  it("ignores control messages that are short, of no port or of no event", () => {
    const guest = driver();
    const device = new VirtioConsole(guest.internals, [{ name: "c", terminal: true, output: () => {} }]);
    guest.sent[3]!.push(new Uint8Array(3));
    guest.notify(3);
    fc.assert(
      fc.property(fc.nat(0xffffffff), fc.nat(0xffff), fc.nat(0xffff), (...message) => guest.control(...message)),
    );
    device.send(0, Uint8Array.of(7));
    guest.free[0]!.push(8);
    guest.notify(0);
    expect(guest.got[0]).toEqual([Uint8Array.of(7)]);
  });

  it("raises one interrupt for a burst the guest sent", async () => {
    const guest = driver();
    const interrupts = guest.virtio.raise_irq; // the device puts its own in front
    new VirtioConsole(guest.internals, [{ name: "c", terminal: true, output: () => {} }]);
    for (let each = 0; each < 50; each++) {
      guest.sent[1]!.push(Uint8Array.of(each));
      guest.notify(1);
    }
    await vi.waitFor(() => expect(interrupts).toHaveBeenCalled());
    expect(interrupts).toHaveBeenCalledTimes(1);
  });
});
