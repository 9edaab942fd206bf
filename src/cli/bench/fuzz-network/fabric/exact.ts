import { Fabric } from "../../../../network/fabric/index.ts";
import type { LinkPort } from "../../../../network/link.ts";
import { type PortSpec, portName } from "../../../../network/link-spec.ts";
import { parseMac } from "../../../../network/mac.ts";
import type { FdbReport, NetworkCounters } from "../../../../network/reports.ts";
import type { Random } from "../../fuzz/random.ts";
import type { Target } from "../target.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { anyBytes, anyPort } from "./frames.ts";
import { type Arrival, ModelLink, macAt } from "./model.ts";

/** Cases a link is for, and between two looks at its table and counters. */
const LIFE = 6000;
const LOOK = 50;

/** A link that takes no time, and its model: whatever is done, each end gets exactly what the model says. */
export class ExactLink implements Target {
  readonly name = "switching";
  #pair: Pair | undefined;
  #cases = 0;

  step(random: Random): string | undefined {
    if (this.#cases++ % LIFE === 0) this.#pair = new Pair(random);
    const wrong = this.#pair!.step(random);
    return wrong ?? (this.#cases % LOOK === 0 ? this.#pair!.look() : undefined);
  }
}

interface Plugged {
  readonly spec: PortSpec;
  readonly port: LinkPort;
}

class Pair {
  readonly #clock = new VirtualClock();
  readonly #fabric: Fabric;
  readonly #model: ModelLink;
  readonly #ends: Plugged[] = [];
  readonly #flood: boolean;
  #got: Arrival[] = [];
  #machines = 0;

  constructor(random: Random) {
    const kind = random.pick(["switch", "switch", "switch", "hub", "wire"] as const);
    const mtu = random.pick([68, 1500, 9000]);
    this.#flood = random.chance(4);
    this.#fabric = new Fabric({ ...this.#clock, epoch: 0, seed: random.word() });
    void this.#fabric.declare({ lan: { kind, mtu } });
    this.#model = new ModelLink(kind, mtu);
    for (let count = kind === "wire" ? 2 : 2 + random.below(6); count > 0; count--) this.#plug(random);
  }

  /** Does something to both. @returns how what comes of it differs */
  step(random: Random): string | undefined {
    this.#got = [];
    const due = this.#act(random);
    const differs = different(this.#got, due);
    return differs && `${differs} (${this.#model.kind})`;
  }

  #act(random: Random): readonly Arrival[] {
    // Where there are very many addresses, little happens beside: the table is to become full.
    const deed = random.below(this.#flood ? 20_000 : 400);
    if (deed === 0) return this.#replug(random);
    if (deed === 1) return this.#cut(!this.#model.isCut);
    if (deed < 4) return this.#cable(random);
    if (deed === 4) return this.#mirror(random);
    if (deed < 8) return this.#hold(!this.#model.held);
    if (deed < 30 && this.#model.held) return this.#letGoOne();
    if (deed === 30) return this.#forget();
    if (deed < 50) return this.#pass(random.pick([1, 1000, 100_000, 299_999]));
    return this.#send(random);
  }

  #send(random: Random): readonly Arrival[] {
    const { spec, port } = random.pick(this.#ends);
    const bytes = anyBytes(random, this.#model.mtu, this.#flood);
    port.send({ bytes, checksum: "whole" });
    return this.#model.send(portName(spec), bytes, this.#clock.now());
  }

  #pass(milliseconds: number): readonly Arrival[] {
    this.#clock.pass(milliseconds);
    return [];
  }

  #hold(on: boolean): readonly Arrival[] {
    this.#control("hold", { on });
    this.#model.held = on;
    return on ? [] : this.#model.letGo(Number.POSITIVE_INFINITY, this.#clock.now());
  }

  #letGoOne(): readonly Arrival[] {
    this.#control("step");
    return this.#model.letGo(1, this.#clock.now());
  }

  #cut(on: boolean): readonly Arrival[] {
    this.#control("cut", { on });
    this.#model.cut(on);
    return [];
  }

  #cable(random: Random): readonly Arrival[] {
    this.#turnCable(random.pick(this.#ends).spec);
    return [];
  }

  #turnCable(spec: PortSpec): void {
    const plugged = this.#model.pulled.has(portName(spec));
    this.#control("cable", { machine: spec.machine, nic: spec.nic, plugged });
    this.#model.cable(portName(spec), plugged);
  }

  #mirror(random: Random): readonly Arrival[] {
    const to = random.chance(3) ? null : portName(random.pick(this.#ends).spec);
    this.#control("mirror", { to });
    this.#model.mirror = to;
    return [];
  }

  #forget(): readonly Arrival[] {
    this.#control("forget");
    this.#model.forget();
    return [];
  }

  /** An end is unplugged, and another machine's is plugged in. */
  #replug(random: Random): readonly Arrival[] {
    const [gone] = this.#ends.splice(random.below(this.#ends.length), 1);
    gone!.port.close();
    this.#model.unplug(portName(gone!.spec));
    this.#plug(random);
    // Nobody with that name comes again: a wire would stay without its cable for ever.
    if (this.#model.pulled.has(portName(gone!.spec))) this.#turnCable(gone!.spec);
    return [];
  }

  #plug(random: Random): void {
    const spec = anyPort(random, `m${this.#machines++}`);
    const to = portName(spec);
    const port = this.#fabric.port("lan", spec);
    port.receive = ({ bytes }) => this.#got.push({ to, bytes });
    this.#ends.push({ spec, port });
    const { vlan, vlans } = spec;
    this.#model.plug({ name: to, ...(vlan !== undefined && { vlan }), ...(vlans !== undefined && { vlans }) });
  }

  #control(name: string, args: Readonly<Record<string, unknown>> = {}): void {
    this.#fabric.control(`network.${name}`, { link: "lan", ...args });
  }

  /** @returns how tables or counters differ */
  look(): string | undefined {
    const model = this.#model;
    const now = this.#clock.now();
    const { entries, evicted } = this.#fabric.probe("network.fdb", {}) as FdbReport;
    const table = entries.map((one) => `${macAt(parseMac(one.mac)!, 0)} ${one.vlan} ${one.port} ${one.age}`);
    const heard = model.remembered(now).map(({ mac, vlan, end, at }) => `${mac} ${vlan} ${end} ${now - at}`);
    if (table.sort().join() !== heard.sort().join()) return `the table is ${table.length} long, not ${heard.length}`;
    const { lan } = this.#fabric.probe("network.counters", {}) as NetworkCounters;
    const numbers = [evicted, lan!.flooded, lan!.filtered, lan!.waiting];
    const due = [model.evicted, model.flooded, model.filtered, model.waiting.length];
    if (numbers.join() !== due.join()) return `evicted, flooded, filtered, waiting are ${numbers}, not ${due}`;
    for (const { name, sent, received, dropped, carrier } of lan!.ports) {
      const counts = model.counts.get(name)!;
      const found = JSON.stringify([sent.frames, received.frames, sorted(dropped), carrier]);
      const wanted = JSON.stringify([counts.sent, counts.received, sorted(counts.dropped), model.carrier(name)]);
      if (found !== wanted) return `the counters of ${name} are ${found}, not ${wanted}`;
    }
    return undefined;
  }
}

const sorted = (counts: Readonly<Record<string, number>>) => Object.entries(counts).sort();

/** Each end is to get the same frames in the same order; between ends there is none. */
function different(got: readonly Arrival[], due: readonly Arrival[]): string | undefined {
  if (got.length === 0 && due.length === 0) return undefined;
  for (const name of new Set([...got, ...due].map(({ to }) => to))) {
    const [here, there] = [got, due].map((list) =>
      list.filter(({ to }) => to === name).map(({ bytes }) => hexOf(bytes)),
    );
    if (here!.join() !== there!.join())
      return `${name} got ${here!.join() || "nothing"}, not ${there!.join() || "nothing"}`;
  }
  return undefined;
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex").slice(0, 200);
