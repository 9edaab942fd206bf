/** The two emulated devices whose price is told register by register: v86's NE2000 and its IDE disk. */
import type { DeviceCost } from "../../probe/io/types.ts";
import type { WatchedIde, WatchedNe2000 } from "../v86-observation.ts";
import { DeviceWatch, type Traffic } from "./device-watch.ts";
import type { EventTrace } from "./event-trace.ts";
import { PortCounts } from "./port-counts.ts";
import { ATA_COMMANDS, ataControlRegister, ataRegister, busMasterRegister, ne2000Register } from "./registers.ts";

/** A device that costs and has no ring. */
export interface EmulatedWatch {
  /** Its interrupt: a PCI slot, or an input of the 8259s. */
  readonly slot?: number;
  readonly line?: number;
  interrupted(): void;
  reset(): void;
  cost(): DeviceCost;
}

/** The DP8390's command register, and two of its bits: stopped, and transmit. */
const CR = 0;
const CR_STOP = 1;
const CR_TRANSMIT = 4;

/** Each byte goes through the model's own memory: once from the guest, once on. */
const COPIES = 2;

const SECTOR = 512;
const ATA_COMMAND = 7;

const hex = (number: number) => `0x${number.toString(16)}`;

/** @param name as the guest calls it, `eth0` */
export function watchNe2000(card: WatchedNe2000, name: string, trace: EventTrace): EmulatedWatch {
  const watch = new DeviceWatch({ model: "ne2k", name }, trace);
  let packets = { sent: 0, received: 0 };
  let bytes = 0;
  card.ports.port(CR).watch((_offset, _bytes, write, value) => {
    if (!write || (value & CR_STOP) !== 0 || (value & CR_TRANSMIT) === 0) return;
    packets.sent++;
    bytes += card.transmitCount();
    trace.add("request", undefined, `${name}: transmit, ${card.transmitCount()} bytes`);
  });
  watch.watch(card.ports, new PortCounts(ne2000Register, hex, card.page));
  card.watchReceived((length) => {
    packets.received++;
    bytes += length;
    trace.add("response", undefined, `${name}: received, ${length} bytes`);
  });
  return {
    slot: card.slot,
    interrupted: () => watch.interrupted("interrupt line up"),
    reset: () => {
      packets = { sent: 0, received: 0 };
      bytes = 0;
      watch.reset();
    },
    cost: () => {
      const requests = packets.sent + packets.received;
      return watch.cost({ requests, packets: { ...packets }, bytes, notifications: 0, copied: COPIES * bytes });
    },
  };
}

/** @param name as the guest calls it, `sda` */
export function watchIde(channel: WatchedIde, name: string, trace: EventTrace): EmulatedWatch {
  const watch = new DeviceWatch({ model: "ide", name }, trace);
  let traffic = { requests: 0, read: 0, written: 0 };
  channel.command.port(ATA_COMMAND).watch((_offset, _bytes, write, value) => {
    if (!write) return;
    trace.add("request", undefined, `${name}: ${ATA_COMMANDS[value] ?? `command ${hex(value)}`}`);
  });
  watch.watch(channel.command, new PortCounts(ataRegister, (offset) => hex(channel.commandBase + offset)));
  watch.watch(channel.control, new PortCounts(ataControlRegister, () => hex(channel.controlBase)));
  watch.watch(channel.busMaster, new PortCounts(busMasterRegister, (offset) => `bar4+${hex(offset)}`));
  channel.watchTransfers((bytes, write) => {
    traffic.requests++;
    traffic[write ? "written" : "read"] += bytes / SECTOR;
    trace.add("response", undefined, `${name}: ${write ? "wrote" : "read"} ${bytes} bytes`);
  });
  return {
    line: channel.line,
    interrupted: () => watch.interrupted(`IRQ ${channel.line}`),
    reset: () => {
      traffic = { requests: 0, read: 0, written: 0 };
      watch.reset();
    },
    cost: () => {
      const { requests, read, written } = traffic;
      const bytes = (read + written) * SECTOR;
      const told: Traffic = { requests, sectors: { read, written }, bytes, notifications: 0, copied: COPIES * bytes };
      return watch.cost(told);
    },
  };
}
