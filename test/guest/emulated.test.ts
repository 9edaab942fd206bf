import { describe, expect, it } from "vitest";
import type { DeviceCost, IoCosts, IoTrace } from "../../src/probe/index.ts";
import { guests, type TestGuest } from "./guest.ts";

const guest = guests();

async function cost(machine: TestGuest, device: string): Promise<DeviceCost> {
  const { devices } = (await machine.host.probe(machine.spec.name, "io.costs", {})) as IoCosts;
  return devices.find(({ name }) => name === device)!;
}

const reset = (machine: TestGuest) => machine.host.control(machine.spec.name, "io.reset", {});

/** Accesses to a register by its name. */
const accesses = ({ ports }: DeviceCost, name: string) => {
  const found = ports!.filter((port) => port.name === name);
  return {
    reads: found.reduce((sum, port) => sum + port.reads, 0),
    writes: found.reduce((sum, port) => sum + port.writes, 0),
  };
};

/** Interrupts Linux has counted for a driver. */
async function interrupts(machine: TestGuest, driver: string): Promise<number> {
  return Number((await machine.run(`grep -m 1 ${driver} /proc/interrupts | awk '{ print $2 }'`)).out);
}

describe("an NE2000 beside a virtio card", () => {
  it("costs an access for every four bytes of a packet, where virtio costs one notification", async () => {
    const link = { link: "lan" };
    const vm = await guest({ name: "vm", nics: [{ mac: "02:00:00:00:00:01", model: "ne2k", ...link }] });
    const peer = await guest({ name: "peer", nics: [{ mac: "02:00:00:00:00:02", model: "virtio", ...link }] });
    for (const [index, machine] of [vm, peer].entries()) {
      await machine.start();
      // without IPv6, and with addresses known, there is nothing on the wire but what is asked for
      const other = 2 - index;
      await machine.run(
        `echo 1 > /proc/sys/net/ipv6/conf/eth0/disable_ipv6; ip address add 10.0.0.${index + 1}/24 dev eth0
         ip link set eth0 up; ip neigh replace 10.0.0.${other} lladdr 02:00:00:00:00:0${other} dev eth0 nud permanent`,
      );
    }
    expect((await vm.run("ping -c 1 -W 10 10.0.0.2", 30_000)).exit).toBe(0);
    const perPacket: number[] = [];
    for (const payload of [56, 1400]) {
      for (const machine of [vm, peer]) await reset(machine);
      const before = await interrupts(vm, "eth0");
      const ping = await vm.run(`ping -c 5 -i 0.2 -W 10 -s ${payload} 10.0.0.2`, 60_000);
      expect(ping.out).toContain("5 packets received");
      const card = await cost(vm, "eth0");
      const taken = (await interrupts(vm, "eth0")) - before;
      const frame = 14 + 20 + 8 + payload;
      expect(card).toMatchObject({ model: "ne2k", requests: 10, packets: { sent: 5, received: 5 }, bytes: 10 * frame });
      // 32-bit accesses; the driver reads the four bytes in front of each received packet on their own
      const data = accesses(card, "data (remote DMA)");
      expect(data).toEqual({ reads: 5 * (1 + Math.ceil(frame / 4)), writes: 5 * Math.ceil(frame / 4) });
      expect(accesses(card, "TPSR").writes).toBe(5);
      expect(card.interrupts).toBe(taken);
      perPacket.push(card.exitsTotal / 10);

      const other = await cost(peer, "eth0");
      expect(other).toMatchObject({ model: "virtio-net", packets: { sent: 5, received: 5 }, notifications: 5 });
      expect(accesses(other, "queue notify")).toEqual({ reads: 0, writes: 5 });
      expect(other.exitsTotal / 10).toBeLessThan(10);
    }
    expect(perPacket[1]! - perPacket[0]!).toBeCloseTo((1400 - 56) / 4, 0);
  });

  it("is traced: a packet's accesses in order, those to one port counted", async () => {
    const lone = await guest({ name: "lone", nics: [{ mac: "02:00:00:00:00:03", model: "ne2k", link: "alone" }] });
    await lone.start();
    await lone.host.probe("lone", "io.trace", {});
    await lone.run("ip address add 10.0.0.1/24 dev eth0; ip link set eth0 up; ping -c 1 -W 1 10.0.0.9", 30_000);
    const { events } = (await lone.host.probe("lone", "io.trace", { count: 1024 })) as IoTrace;
    const text = events
      .filter(({ detail }) => detail.startsWith("eth0"))
      .map(({ kind, detail }) => `${kind} ${detail}`);
    expect(text).toContain("port-write eth0: data (remote DMA), port 0x10, 32 bits, 15 times"); // an ARP request, padded to 60 bytes
    expect(text).toContain("request eth0: transmit, 60 bytes");
    expect(text).toContain("interrupt eth0: interrupt line up");
  });
});

describe("an IDE disk", () => {
  it("costs the same few accesses for a command whatever it moves by DMA, and by PIO one for every four bytes", async () => {
    const vm = await guest({ name: "ide", layers: ["disk"], disks: [{ name: "sda", size: 4, model: "ide" }] });
    await vm.start();
    const appear = "for i in $(seq 100); do [ -b /dev/sda ] && break; sleep 0.1; done; cat /sys/block/sda/size";
    expect((await vm.run(appear, 30_000)).out).toBe("8192\n");
    const measure = async (bytes: number, count: number, write: boolean) => {
      const transfer = write
        ? `dd if=/dev/zero of=/dev/sda bs=${bytes} count=${count} oflag=direct 2> /dev/null`
        : `dd if=/dev/sda of=/dev/null bs=${bytes} count=${count} iflag=direct 2> /dev/null`;
      await reset(vm);
      const before = await interrupts(vm, "ata_piix");
      await vm.run(transfer, 60_000);
      const disk = await cost(vm, "sda");
      const sectors = (bytes * count) / 512;
      expect(disk).toMatchObject({
        ...{ model: "ide", requests: count, bytes: bytes * count },
        sectors: write ? { read: 0, written: sectors } : { read: sectors, written: 0 },
        interrupts: (await interrupts(vm, "ata_piix")) - before,
      });
      return disk;
    };
    for (const write of [false, true]) {
      const [small, large] = [await measure(4096, 8, write), await measure(65536, 8, write)];
      expect(large.exits).toEqual(small.exits);
      expect([large.interrupts, large.exitsTotal]).toEqual([8, 8 * 27]);
      expect(accesses(large, "bus master command").writes).toBe(24);
      expect(accesses(large, "data")).toEqual({ reads: 0, writes: 0 });
    }
    const again = "rmmod sd_mod ata_piix libata && modprobe libata dma=0 && modprobe ata_piix && modprobe sd_mod";
    expect((await vm.run(`${again} && sleep 0.5; ${appear}`, 60_000)).out).toBe("8192\n");
    for (const write of [false, true]) {
      const disk = await measure(65536, 2, write);
      const words = 2 * (65536 / 4);
      expect(accesses(disk, "data")).toEqual(write ? { reads: 0, writes: words } : { reads: words, writes: 0 });
      expect(disk.interrupts).toBe(2 * 128); // one for each sector
    }
  });
});
