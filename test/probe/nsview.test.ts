import { beforeAll, describe, expect, it } from "vitest";
import { differences } from "../../src/probe/namespace-sharing.ts";
import { KINDS, type NamespaceReading, parseNamespaces } from "../../src/probe/namespaces.ts";
import { guests, type TestGuest } from "../guest/guest.ts";

const guest = guests();

/** In the background, with nothing of the script's left open. */
const behind = (command: string) => `setsid ${command} </dev/null >/dev/null 2>&1 &`;

describe("nsview in a guest", () => {
  let alpha: TestGuest;
  const read = async (): Promise<NamespaceReading> => parseNamespaces((await alpha.run("nsview --json")).out);
  const untilFound = (condition: string) =>
    alpha.run(`until nsview --find ${condition} >/dev/null; do usleep 50000; done`);

  beforeAll(async () => {
    alpha = await guest();
    await alpha.start();
  });

  it("tells of every process the numbers that the links in /proc show", async () => {
    await alpha.run(behind("unshare --uts --ipc --net --pid --fork --mount-proc --cgroup sleep 1000"));
    await untilFound("uts pid inside=1");
    const links = await alpha.run("ls -l /proc/[0-9]*/ns/* 2>/dev/null; true");
    const shown = links.out.matchAll(/\/proc\/(\d+)\/ns\/(\w+) -> (\S+)/g);
    const link = new Map(Array.from(shown, ([, pid, kind, target]) => [`${pid} ${kind}`, target]));
    const { processes } = await read();
    const sleeping = processes.filter(({ name }) => name === "sleep" || name === "init" || name === "unshare");
    expect(sleeping.map(({ name }) => name).sort()).toEqual(["init", "sleep", "unshare"]);
    for (const { pid, namespaces } of sleeping) {
      for (const kind of KINDS) expect(link.get(`${pid} ${kind}`)).toBe(`${kind}:[${namespaces[kind]}]`);
    }
  });

  it("sees a host name that only a member of its namespace sees", async () => {
    await alpha.run(behind("unshare --uts sh -c 'hostname inner; exec sleep 1000'"));
    await untilFound("hostname=inner");
    const { namespaces } = await read();
    const names = namespaces.flatMap(({ facts }) => (facts.kind === "uts" ? [facts.hostname] : []));
    expect(names).toContain("inner");
    expect((await alpha.run("hostname")).out).toBe("alpha\n");
  });

  it("leaves the namespaces it has looked into", async () => {
    const before = await alpha.run("readlink /proc/self/ns/net; hostname");
    await alpha.run("nsview >/dev/null");
    expect((await alpha.run("readlink /proc/self/ns/net; hostname")).out).toBe(before.out);
  });

  it("prints JSON whatever a process is called", async () => {
    const name = 'a"b\\c\td';
    await alpha.host.put("alpha", `/tmp/${name}`, new TextEncoder().encode("#!/bin/sh\nsleep 1000; true\n"), 0o755);
    await alpha.run(behind(`'/tmp/${name}'`));
    const names = async () => (await read()).processes.map((process) => process.name);
    await expect.poll(names, { timeout: 60_000 }).toContain(name);
  });

  it("goes on while processes end under its eyes", async () => {
    await alpha.run(behind("sh -c 'while :; do /bin/true & /bin/true & wait; done'"));
    for (let round = 0; round < 8; round++) {
      const { processes } = await read();
      expect(processes.find(({ pid }) => pid === 1)?.name).toBe("init");
    }
    await alpha.run("pkill -f 'while :'");
  });

  it("sees the machine although something lies over /proc", async () => {
    await alpha.run("mount -t tmpfs cover /proc");
    const { processes } = await read();
    await alpha.run("umount /proc");
    expect(processes.find(({ pid }) => pid === 1)?.name).toBe("init");
  });

  it("tells a student's user namespace from the machine's, and its root from root", async () => {
    await alpha.run(behind("su student -c 'exec unshare --user --map-root-user sleep 1001'"));
    await untilFound("user uid-inside=0 !uid=0");
    const reading = await read();
    const mapped = reading.processes.filter((process) => differences(reading, process).includes("user"));
    expect(mapped.map(({ uid }) => uid)).toEqual([1000]);
  });

  it("refuses a condition it does not know", async () => {
    const { exit, err } = await alpha.run("nsview --find colour=blue");
    expect({ exit, err }).toEqual({ exit: 2, err: "nsview: `colour=blue` is no condition\n" });
  });
});
