import type { MessageEnd } from "../../../network/api.ts";
import { Fabric } from "../../../network/fabric/index.ts";
import type { LinkPort } from "../../../network/link.ts";
import { type Batch, encodeBatch } from "../../../network/trunk/batch.ts";
import { Socket } from "../../../network/trunk/socket.ts";
import type { Random } from "../fuzz/random.ts";
import type { Target } from "./target.ts";

/** Ends the host speaks of; some it has opened, some it has not. */
const ENDS = 6;
/** Cases after which the world is made anew: its host has used its numbers up. */
const LIFE = 4096;

/** A network whose one host says anything, and a bystander of another host on the same link. */
export const trunkTargets = (): readonly Target[] => {
  let world = new World();
  let cases = 0;
  return [
    {
      name: "trunk",
      step: (random) => {
        if (++cases % LIFE === 0) world = new World();
        return world.step(random);
      },
    },
  ];
};

class World {
  readonly #fabric = new Fabric({ now: () => 0, epoch: 0, later: () => () => {} });
  readonly #end: MessageEnd = { postMessage: () => {}, onmessage: null, close: () => {} };
  readonly #speaker: LinkPort;
  #heard = 0;

  constructor() {
    void this.#fabric.declare({ lan: { kind: "hub" } });
    new Socket(this.#end, this.#fabric, []);
    this.#speaker = this.#fabric.port("lan", { machine: "speaker", nic: 0, mac: "02:00:00:00:00:01" });
    const listener = this.#fabric.port("lan", { machine: "listener", nic: 0, mac: "02:00:00:00:00:02" });
    listener.receive = () => this.#heard++;
  }

  step(random: Random): string | undefined {
    this.#end.onmessage?.({ data: random.chance(3) ? saying(random) : batch(random) });
    const before = this.#heard;
    this.#speaker.send({ bytes: new Uint8Array(60).fill(0xff, 0, 6), checksum: "whole" });
    return this.#heard === before + 1 ? undefined : "a frame between others did not arrive once";
  }
}

function saying(random: Random): unknown {
  const spec = {
    machine: random.pick(["a", "b", 7]),
    nic: random.below(18) - 1,
    mac: random.pick(["02:00:00:00:00:03", ""]),
  };
  return {
    say: random.pick(["open", "close", "offloads", "links"]),
    end: random.pick([random.below(LIFE), random.below(ENDS), -1, "1"]),
    link: random.pick(["lan", "far", undefined]),
    spec: random.pick([spec, { ...spec, vlan: random.below(5000) }, { ...spec, vlans: [random.below(5000)] }, null]),
    offloads: random.chance(2),
    on: random.pick([true, false, 1]),
  };
}

function batch(random: Random): ArrayBuffer {
  const frame = (): Batch["frames"][number] => ({
    end: random.below(ENDS),
    frame: {
      bytes: random.bytes(random.below(80)),
      checksum: random.pick(["whole", "partial"] as const),
      checksumFrom: random.below(80),
      checksumAt: random.below(80),
      ...(random.chance(3) && {
        segmentation: { kind: random.pick(["tcp4", "tcp6"] as const), size: random.below(2000) },
      }),
    },
  });
  const returned = () => ({
    end: random.below(ENDS),
    frames: random.below(300),
    bytes: random.word(),
    dropped: random.below(9),
  });
  const buffer = encodeBatch({
    returns: Array.from({ length: random.below(3) }, returned),
    frames: Array.from({ length: random.below(5) }, frame),
  });
  const bytes = new Uint8Array(buffer);
  if (random.chance(2)) bytes[random.below(bytes.length)] = random.below(256);
  return random.chance(4) ? buffer.slice(0, random.below(bytes.length + 1)) : buffer;
}
