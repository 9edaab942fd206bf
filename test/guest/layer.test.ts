import { describe, expect, it } from "vitest";
import { guests } from "./guest.ts";

const guest = guests();

describe("a layer", () => {
  it("comes when one of its tools is first used, and is said to come", async () => {
    const alpha = await guest();
    await alpha.start();
    const first = await alpha.run("nft --version", 60_000);
    expect(first).toMatchObject({ exit: 0, out: expect.stringMatching(/^nftables v1\./) });
    expect(alpha.events).toContainEqual(
      expect.objectContaining({ progress: expect.objectContaining({ stage: "layer", part: "nft" }) }),
    );
    const rules =
      "nft add table ip t; nft add chain ip t c '{ type nat hook postrouting priority 100; }'; nft list ruleset";
    expect(await alpha.run(rules, 30_000)).toMatchObject({
      exit: 0,
      out: expect.stringContaining("type nat hook postrouting"),
    });
  });

  it("named by the machine is there at the first prompt, also after a restore", async () => {
    const beta = await guest({ name: "beta", layers: ["nft"] });
    await beta.start({});
    expect((await beta.run("conntrack --version")).out).toContain("conntrack v1.");
    await beta.until(() => beta.notices().includes("snapshot-stored"));
    expect((await beta.start({})).how).toBe("restore");
    expect(await beta.run("nft list ruleset && echo fine")).toMatchObject({ exit: 0, out: "fine\n" });
  });
});
