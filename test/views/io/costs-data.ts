import type { DeviceCost, IoCosts } from "../../../src/probe/io/types.ts";

/** What the probes would count on machines with an emulated, a virtio and a Xen device. */

const base: DeviceCost = {
  model: "ne2k",
  name: "eth0",
  requests: 200,
  packets: { sent: 100, received: 100 },
  bytes: 204_800,
  exits: { "port read": 61_200, "port write": 62_400, interrupt: 210 },
  exitsTotal: 123_810,
  notifications: 0,
  interrupts: 210,
  copied: 204_800,
  ports: [
    { port: "0x10", name: "remote DMA data", reads: 51_200, writes: 51_200 },
    { port: "0x0", name: "CR", reads: 4000, writes: 6200 },
    { port: "0x7", name: "ISR", reads: 3800, writes: 2900 },
    { port: "0xb", name: "RBCR1", reads: 0, writes: 1200 },
  ],
};

export const emulated: IoCosts = {
  devices: [
    base,
    {
      model: "ide",
      name: "hda",
      requests: 64,
      notifications: 0,
      sectors: { read: 512, written: 128 },
      bytes: 327_680,
      exits: { "port read": 84_900, "port write": 20_100, interrupt: 640 },
      exitsTotal: 105_640,
      interrupts: 640,
      copied: 327_680,
      ports: [
        { port: "0x0", name: "data", reads: 81_920, writes: 16_384 },
        { port: "0x7", name: "status / command", reads: 2980, writes: 64 },
      ],
    },
  ],
};

const { ports: _, ...plain } = base;

export const virtio: IoCosts = {
  devices: [
    {
      ...plain,
      model: "virtio-net",
      exits: { "port write": 61, interrupt: 74 },
      exitsTotal: 135,
      notifications: 61,
      interrupts: 74,
    },
  ],
};

export const xen: IoCosts = {
  devices: [
    {
      ...plain,
      model: "xen-vif",
      exits: { hypercall: 38, interrupt: 41 },
      exitsTotal: 79,
      notifications: 38,
      interrupts: 41,
      copied: 409_600,
    },
    {
      ...plain,
      model: "xen-vbd",
      name: "xvda",
      requests: 0,
      bytes: 0,
      exits: {},
      exitsTotal: 0,
      interrupts: 0,
      copied: 0,
    },
  ],
};
