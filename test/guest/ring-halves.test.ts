import { describe, expect, it } from "vitest";
import type { RingList, RingState } from "../../src/probe/index.ts";
import { guests, type TestGuest } from "./guest.ts";

const guest = guests();

async function state(machine: TestGuest, ring: string): Promise<RingState> {
  return (await machine.host.probe(machine.spec.name, "ring.state", { ring })) as RingState;
}

/** Values of a ring's indices by name, and where each was read. */
const indices = ({ indices }: RingState) => Object.fromEntries(indices.map(({ name, value }) => [name, value]));
const sources = ({ indices }: RingState) => Object.fromEntries(indices.map(({ name, from }) => [name, from]));

describe("the private halves of Xen's rings in the memory of real Linux guests", () => {
  it("are found at both ends of a disk that a driver domain serves, and at rest agree with the shared ones", async () => {
    const dom0 = await guest({ name: "dom0", image: "linux-dom0", memory: 96 });
    await dom0.start();
    await dom0.run("for i in $(seq 200); do [ -d /sys/module/xen_blkback ] && break; sleep 0.1; done", 60_000);
    const xvda = { name: "xvda", size: 4, model: "xen", backend: "dom0" } as const;
    const nic = { mac: "02:00:00:00:00:01", model: "xen", link: "lan" } as const;
    const domU = await guest({ name: "domU", image: "linux-xen", disks: [xvda], nics: [nic] });
    await domU.start();
    await domU.run("for i in $(seq 200); do [ -b /dev/xvda ] && break; sleep 0.1; done; ip link set eth0 up", 60_000);
    expect((await domU.run("qd /dev/xvda 4 100 4096 r", 60_000)).exit).toBe(0);

    const disk = await state(domU, "vbd:domU/xvda");
    const { req_prod, rsp_prod, ...own } = indices(disk);
    expect(req_prod).toBeGreaterThanOrEqual(100);
    expect(own).toMatchObject({
      ...{ req_prod_pvt: req_prod, rsp_cons: rsp_prod, req_cons: req_prod, rsp_prod_pvt: rsp_prod },
    });
    expect(sources(disk)).toMatchObject({
      req_prod_pvt: expect.stringContaining("struct blkif_front_ring at pa:0x"),
      req_cons: expect.stringContaining("struct blkif_back_ring at pa:0x"),
    });

    const { rings } = (await domU.host.probe("domU", "ring.list", {})) as RingList;
    for (const direction of ["tx", "rx"] as const) {
      const { ring } = rings.find((each) => each.device === "network" && each.ring.endsWith(`/${direction}`))!;
      const net = await state(domU, ring);
      expect(sources(net).req_prod_pvt).toContain(`struct xen_netif_${direction}_front_ring at pa:0x`);
      const { req_prod_pvt, req_prod: shared, rsp_cons, rsp_prod: answered } = indices(net);
      expect([req_prod_pvt, rsp_cons]).toEqual([shared, answered]);
    }
  });
});
