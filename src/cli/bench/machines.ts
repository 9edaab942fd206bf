import { type Host, type MachineEvent, machineSpec } from "../../machine/index.ts";
import { createNodeHost } from "../node-host.ts";
import { type Figure, figure, inTurn, round } from "./figure.ts";
import { idleShare } from "./idle-share.ts";
import { PlainV86 } from "./plain.ts";

/** Benchmarks of one machine in Node, each beside plain v86 on the same kernel. */

const SPEC = machineSpec({ name: "bench", image: "linux", memory: 64 });
const ROUNDS = 5;
const PLAIN = "v86 with its defaults, same kernel, bare shell on the serial port";

/** A started machine and what it printed, with every byte acknowledged at once. */
class Bench {
  readonly host: Host;
  output = 0;
  text = "";
  #waiting: (() => void) | undefined;
  #onStored: () => void = () => {};

  constructor(host: Host) {
    this.host = host;
  }

  start(start: "instant" | "boot") {
    return this.host.start(SPEC, { start }, (event) => this.#on(event));
  }

  /** Boots and waits until the state is stored, so that the next start restores it. */
  async store(): Promise<void> {
    await this.start("instant");
    await new Promise<void>((resolve) => {
      this.#onStored = resolve;
    });
  }

  #on(event: MachineEvent): void {
    if (event.type === "notice" && event.code === "snapshot-stored") this.#onStored();
    if (event.type !== "console") return;
    void this.host.acknowledge(SPEC.name, event.bytes.length);
    this.output += event.bytes.length;
    this.text = (this.text + new TextDecoder().decode(event.bytes)).slice(-4096);
    this.#waiting?.();
  }

  /** Types at the console's shell and waits for the answer. */
  async ask(command: string, answer: RegExp): Promise<void> {
    this.text = "";
    await this.host.type(SPEC.name, new TextEncoder().encode(`${command}\n`));
    await new Promise<void>((resolve) => {
      this.#waiting = () => answer.test(this.text) && resolve();
      this.#waiting();
    });
    this.#waiting = undefined;
  }
}

/** What a terminal is sent in earnest: lines of eighty characters. */
const LINES = new Uint8Array(4 << 20).fill(120).map((letter, index) => (index % 81 === 80 ? 10 : letter));

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

const ECHO: [string, RegExp] = ["echo answer-$((40 + 2))", /answer-42/];

/** From nothing to a shell that has answered one command. */
export async function boot(): Promise<Figure[]> {
  const host = await createNodeHost();
  const bench = new Bench(host);
  let instructions = 0;
  const ours = () =>
    timed(async () => {
      ({ instructions } = await bench.start("boot"));
      await bench.ask(...ECHO);
    });
  const peer = async () => {
    let plain: PlainV86 | undefined;
    const time = await timed(async () => {
      plain = await PlainV86.create(SPEC.memory);
      await plain.boot();
      await plain.ask(...ECHO);
    });
    await plain?.close();
    return time;
  };
  const [mine, theirs] = await inTurn(ROUNDS, ours, peer);
  await host.close();
  return [
    figure("boot to an answered command", "ms", mine, theirs, PLAIN),
    figure("guest instructions to the agent's first word", "million", instructions / 1e6, 30, "the budget, 30 million"),
  ];
}

/** From nothing to a shell that has answered one command, out of a stored state. */
export async function restore(): Promise<Figure[]> {
  const host = await createNodeHost();
  const bench = new Bench(host);
  await bench.store();
  const first = await PlainV86.create(SPEC.memory);
  await first.boot();
  const state = await first.save();
  await first.close();
  const ours = () =>
    timed(async () => {
      const { how } = await bench.start("instant");
      if (how !== "restore") throw new Error("The stored state was not used.");
      await bench.ask(...ECHO);
    });
  const peer = async () => {
    let plain: PlainV86 | undefined;
    const time = await timed(async () => {
      plain = await PlainV86.create(SPEC.memory);
      await plain.restore(state);
      await plain.ask(...ECHO);
    });
    await plain?.close();
    return time;
  };
  const [mine, theirs] = await inTurn(ROUNDS, ours, peer);
  await host.close();
  return [figure("restore to an answered command", "ms", mine, theirs, PLAIN)];
}

/** Share of a core an idle guest takes, over some seconds of this process doing nothing else. */
export async function idle(): Promise<Figure[]> {
  const host = await createNodeHost();
  await new Bench(host).start("boot");
  const mine = await idleShare();
  await host.close();
  const plain = await PlainV86.create(SPEC.memory);
  await plain.boot();
  const theirs = await idleShare();
  await plain.close();
  return [figure("idle guest", "% of a core", mine, theirs, PLAIN)];
}

/** Bytes a second out of the guest, by the virtio console and by serial ports. */
export async function consoleRate(): Promise<Figure[]> {
  const host = await createNodeHost();
  const bench = new Bench(host);
  await bench.start("boot");
  const rate = async (device: string, kilobytes: number) => {
    await host.put(SPEC.name, "/tmp/lines", LINES.subarray(0, kilobytes * 1024));
    const time = await timed(() => host.run(SPEC.name, `cat /tmp/lines > ${device}`, { limit: 0 }));
    return (kilobytes * 1024) / 1e6 / (time / 1000);
  };
  const [virtio, serial] = await inTurn(
    3,
    () => rate("/dev/hvc0", 4096),
    () => rate("/dev/ttyS0", 256),
  );
  await host.close();
  const plain = await PlainV86.create(SPEC.memory);
  await plain.boot();
  const theirs = (await plain.serialRate(1024)) / 1e6;
  await plain.close();
  return [
    figure("console", "MB/s", round(virtio), round(serial), "the serial port of the same machine"),
    figure("console", "MB/s", round(virtio), round(theirs), "the serial port of v86 with its defaults, same kernel"),
  ];
}
