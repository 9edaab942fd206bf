import { describe, expect, it } from "vitest";
import { addressOf, onOneHost, withPair } from "../../src/cli/bench/network/pair.ts";
import { plainOnOneHost } from "../../src/cli/bench/network/plain-pair.ts";

describe("bench network", () => {
  it.each([onOneHost("ours", "linux", "virtio"), plainOnOneHost])("has pairs that carry TCP: $name", async (pair) => {
    const printed = await withPair(pair, async ({ run }) => {
      await run("left", "(tput s 5001 >/dev/null 2>&1 </dev/null &)");
      await run("right", "ls /sys/class/net/eth0/statistics/tx_packets");
      return run("right", `for try in 1 2 3 4 5; do tput c ${addressOf("left")} 5001 1 && break; sleep 0.5; done`);
    });
    expect(Number(/bytes=(\d+)/.exec(printed)![1])).toBeGreaterThan(0);
  });
});
