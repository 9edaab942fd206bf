import { describe, expect, it } from "vitest";
import { depths } from "../../src/cli/bench/io/block.ts";

describe("bench io", () => {
  it("finds one notification a request alone, and less than a tenth of one where 32 are in flight", async () => {
    const rows = await depths([1, 32]);
    expect(rows.map(({ device, depth }) => [device, depth])).toEqual(
      ["Xen", "virtio-blk", "virtio-blk without EVENT_IDX"].flatMap((device) => [
        [device, 1],
        [device, 32],
      ]),
    );
    for (const { depth, requests, notificationsPerRequest, interruptsPerRequest } of rows) {
      expect(requests).toBeGreaterThan(2000);
      if (depth === 1) expect([notificationsPerRequest, interruptsPerRequest]).toEqual([1, 1]);
      else expect(Math.max(notificationsPerRequest, interruptsPerRequest)).toBeLessThanOrEqual(0.1);
    }
  });
});
