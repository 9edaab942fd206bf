import { describe, expect, it } from "vitest";
import { NetworkWatch } from "../../../src/app/network/network-watch.ts";
import { toBase64 } from "../../../src/network/base64.ts";
import { openCapture, writeCapture } from "../../../src/network/pcapng/index.ts";
import type { MachineStatus } from "../../../src/views/machine.ts";
import { transportWords } from "../../../src/views/network/words/transport.ts";
import { labOf, labTexts } from "../../lab/fixtures.ts";
import { recorded } from "../../views/network/recorded.ts";

const HEAD = `machines:
  left: { image: linux, nics: [{ link: lan }] }
  right: { image: linux, nics: [{ link: lan }] }
links: { lan: { kind: switch } }
layout: [network, "terminal:left", steps]`;
const lab = labOf(labTexts("  up: { machine: left, check: x }", { head: HEAD }));
const all = recorded("docker-nat");

type Arguments = Readonly<Record<string, unknown>>;

/** A guest's clock, as far ahead of the page's as it was when it was recorded. */
function guestTime(machine: string): number {
  const { asked, answered, network } = all.guests[machine]!;
  return performance.timeOrigin + performance.now() + network.at - (asked + answered) / 2;
}

/** A watch over recorded answers, that says what it asked for. */
function watching() {
  const asked: string[] = [];
  const turned: unknown[] = [];
  const refused: string[] = [];
  const phases = new Map<string, MachineStatus["phase"]>([
    ["left", "running"],
    ["right", "running"],
  ]);
  let held = false;
  let shown = true;
  let changes = 0;
  let hold: Promise<void> | undefined;
  /** Frames are answered once, as by a capture and a tap that were asked from a number on. */
  const from = (args: Arguments) => Number(args.from);
  const answers: Record<string, (args: Arguments) => unknown> = {
    "network.counters": () => ({ lan: { ...all.counters.lan!, held } }),
    "network.fdb": () => all.fdb,
    "network.capture": (args) => {
      const frames = all.links.lan!.frames.filter(({ seq }) => seq >= from(args));
      const next = all.links.lan!.next;
      return { frames, next, newest: next, settled: next, lost: 0 };
    },
    "guest.network": ({ machine }) => ({ ...all.guests[String(machine)]!.network, at: guestTime(String(machine)) }),
    "guest.frames": (args) => {
      const guest = all.guests[String(args.machine)]!;
      const at = guestTime(String(args.machine));
      return { ...guest.frames, at, frames: guest.frames.frames.filter(({ seq }) => seq >= from(args)) };
    },
  };
  const watch = new NetworkWatch({
    lab,
    probe: async (name, args) => {
      asked.push([name, args.machine ?? args.link].filter((part) => part !== undefined).join(" "));
      if (name === "guest.network" && args.machine === "right") await hold;
      return answers[name]!(args);
    },
    control: async (name, args) => {
      if (name === "network.cut") throw new Error("There is no link `lan`.");
      turned.push([name, args]);
      if (name === "network.hold") held = args.on === true;
    },
    phase: (machine) => phases.get(machine)!,
    shown: () => shown,
    changed: () => {
      changes += 1;
    },
    refused: (message) => refused.push(message),
  });
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  return {
    watch,
    asked,
    turned,
    refused,
    phases,
    answers,
    get changes() {
      return changes;
    },
    show: (is: boolean) => {
      shown = is;
    },
    hold: (until: Promise<void> | undefined) => {
      hold = until;
    },
    look: async (now: number) => {
      await watch.look(now);
      await settle();
    },
  };
}

const names = (watch: NetworkWatch, machine: string) =>
  watch.picture?.machines
    .find(({ name }) => name === machine)
    ?.namespaces?.flatMap(({ interfaces }) => interfaces.map(({ link }) => link.name));

describe("what is seen of a lab's network", () => {
  it("is a picture of every machine, and the packets' ways", async () => {
    const { watch, look } = watching();
    await look(0);
    expect(names(watch, "right")).toEqual(expect.arrayContaining(["lo", "eth0", "docker0", "veth1"]));
    expect(watch.picture?.fabric.map(({ report }) => report.link)).toEqual(["lan"]);
    const syn = watch.passing.trails.find(({ summary }) => summary.includes(":8000 [SYN]"));
    expect(syn?.hops.length).toBe(7);
    expect(watch.activity.stretches.reduce((sum, { frames }) => sum + frames.tcp, 0)).toBeGreaterThan(5);
  });

  it("tells the page only of what is new", async () => {
    const rig = watching();
    await rig.look(0);
    await rig.look(250);
    const before = rig.changes;
    await rig.look(500);
    expect(rig.changes).toBe(before);
  });

  it("asks the fabric each time and a guest about once a second, and nothing but counters while nobody sees it", async () => {
    const { asked, look, show } = watching();
    const count = (probe: string) => asked.filter((one) => one === probe).length;
    for (const now of [0, 250, 500, 750]) await look(now);
    expect([count("network.capture lan"), count("guest.network left"), count("guest.frames left")]).toEqual([4, 1, 1]);
    await look(1000);
    expect(count("guest.network left")).toBe(2);
    show(false);
    asked.length = 0;
    for (const now of [3000, 3250]) await look(now);
    expect(asked).toEqual(["network.counters", "network.counters"]);
  });

  it("is read again soon when the student typed", async () => {
    const { watch, asked, look } = watching();
    await look(0);
    asked.length = 0;
    watch.hurry("left");
    await expect
      .poll(async () => {
        await look(1);
        return asked.filter((one) => one.startsWith("guest.network"));
      })
      .toEqual(["guest.network left"]);
  });

  it("never asks a guest that has not answered yet, and lets it keep nobody waiting", async () => {
    const { watch, asked, look, hold } = watching();
    let answer = () => {};
    hold(
      new Promise((resolve) => {
        answer = resolve;
      }),
    );
    for (const now of [0, 1500, 3000]) await look(now);
    expect(asked.filter((one) => one === "guest.network right")).toHaveLength(1);
    expect(asked.filter((one) => one === "guest.network left")).toHaveLength(3);
    expect(names(watch, "right")).toBeUndefined();
    answer();
    await look(3250);
    expect(names(watch, "right")).toContain("docker0");
  });

  it("keeps what was read of a machine that stands, and forgets what one was before it began anew", async () => {
    const { watch, asked, phases, look } = watching();
    await look(0);
    phases.set("right", "paused");
    asked.length = 0;
    await look(2000);
    expect(asked).not.toContain("guest.network right");
    expect(names(watch, "right")).toContain("docker0");
    expect(watch.picture?.machines.map(({ running }) => running)).toEqual([true, false]);
    watch.forget("right");
    await look(2250);
    expect(names(watch, "right")).toBeUndefined();
    expect(watch.passing.trails.some(({ hops }) => hops.some(({ at }) => at.startsWith("if:right/")))).toBe(false);
  });

  it("begins anew with a link whose fabric does", async () => {
    const rig = watching();
    await rig.look(0);
    const before = rig.watch.passing.trails.map(({ id }) => id);
    const [first] = all.links.lan!.frames;
    rig.answers["network.capture"] = ({ from }) => {
      const frames = Number(from) <= 1 ? [{ ...first!, seq: 1 }] : [];
      return { frames, next: Math.max(2, Number(from)), newest: 2, settled: Math.max(2, Number(from)), lost: 0 };
    };
    await rig.look(250);
    await rig.look(500);
    const ports = rig.watch.passing.trails.filter(({ hops }) => hops.some(({ at }) => at.startsWith("port:lan:")));
    expect(ports).toHaveLength(1);
    expect(before).not.toContain(ports[0]!.id);
  });

  it("says why a guest could not be read, and shows the others", async () => {
    const rig = watching();
    rig.answers["guest.network"] = ({ machine }) => {
      if (machine === "right") throw new Error("`netview` on `right` printed no JSON.");
      return all.guests.left!.network;
    };
    await rig.look(0);
    expect(rig.watch.problem).toBe("netview on right printed no JSON.");
    expect(names(rig.watch, "left")).toContain("eth0");
  });
});

describe("what the student does to the network", () => {
  it("turns the links, and is seen at once", async () => {
    const { watch, turned, look } = watching();
    await look(0);
    await watch.turn("network.hold", { link: "lan", on: true });
    expect(turned).toEqual([["network.hold", { link: "lan", on: true }]]);
    expect(watch.picture?.fabric[0]?.report.held).toBe(true);
  });

  it("is told when it is refused", async () => {
    const { watch, refused } = watching();
    await watch.turn("network.cut", { link: "lan", on: true });
    expect(refused).toEqual(["There is no link lan."]);
  });

  it("clears what passed, for good", async () => {
    const { watch, look } = watching();
    await look(0);
    expect(watch.passing.trails).not.toEqual([]);
    watch.clear();
    expect(watch.passing.trails).toEqual([]);
    await look(2000);
    expect(watch.passing.trails).toEqual([]);
  });

  it("sends a file's frames into a link, and no file that is too long", async () => {
    const { watch, turned, refused } = watching();
    const file = writeCapture({
      interfaces: [{ name: "eth0" }],
      frames: [{ interface: 0, at: 1, length: 60, bytes: new Uint8Array(60) }],
    });
    await watch.replay("lan", new File([file as Uint8Array<ArrayBuffer>], "a.pcapng"), "en");
    expect(turned).toEqual([["network.replay", { link: "lan", capture: toBase64(file) }]]);
    await watch.replay("lan", new File([new Uint8Array(5 << 20)], "long.pcapng"), "en");
    expect(refused).toEqual([transportWords("en").fileTooLong("long.pcapng", "4.2 MB")]);
    expect(turned).toHaveLength(1);
  });
});

describe("a saved capture", () => {
  it("holds the frames of links and of guests' interfaces, each with its name, in the order of time", async () => {
    const { watch, look } = watching();
    await look(0);
    const capture = openCapture((await watch.capture(undefined))!);
    if ("error" in capture) throw new Error(capture.error);
    const interfaces = capture.interfaces.map(({ name }) => name);
    expect(interfaces[0]).toBe("lan");
    expect(interfaces).toEqual(expect.arrayContaining(["left:eth0", "right:docker0", "right:veth1", "right/web:eth0"]));
    const times = capture.frames.map(({ at }) => at!);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(capture.frames.filter((frame) => frame.interface === 0)).toHaveLength(all.links.lan!.frames.length);
    expect(capture.frames.find((frame) => frame.interface === 0)?.comment).toContain(" → ");
  });

  it("is of one link alone where one is asked for", async () => {
    const { watch, look } = watching();
    await look(0);
    const capture = openCapture((await watch.capture("lan"))!);
    expect("error" in capture ? capture.error : capture.interfaces.map(({ name }) => name)).toEqual(["lan"]);
  });
});
