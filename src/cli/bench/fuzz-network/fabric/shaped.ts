import { Fabric } from "../../../../network/fabric/index.ts";
import type { Frame, LinkPort } from "../../../../network/link.ts";
import { type PortSpec, portName } from "../../../../network/link-spec.ts";
import type {
  CapturedFrame,
  CaptureReport,
  LinkReport,
  NetworkCounters,
  PortReport,
} from "../../../../network/reports.ts";
import type { Random } from "../../fuzz/random.ts";
import type { Target } from "../target.ts";
import { VirtualClock } from "../virtual-clock.ts";
import { anyBytes, anyFrame, anyPort } from "./frames.ts";
import { isMember, leave, leavesUntagged, type ModelEnd, vlanOf } from "./model.ts";

/** Cases a link is for, and between two looks at what was captured: fewer than a capture keeps. */
const LIFE = 2000;
const LOOK = 25;

/**
 * A link that takes time, loses frames, is cut and shaped while frames are on it, and ends that say anything of what they
 * send. What arrives was sent, in the same VLAN, once and in its order; and every frame is accounted for.
 */
export class ShapedLink implements Target {
  readonly name = "shaping";
  #trial: Trial | undefined;
  #cases = 0;

  step(random: Random): string | undefined {
    if (this.#cases % LIFE === 0) this.#trial = new Trial(random);
    const last = this.#cases++ % LIFE === LIFE - 1;
    const trial = this.#trial!;
    if (last) trial.settle();
    else trial.act(random);
    return trial.wrong ?? (last || this.#cases % LOOK === 0 ? trial.look(last) : undefined);
  }
}

/** A frame that was sent, told from others by a number in its bytes. */
interface Sent {
  readonly from: ModelEnd;
  readonly frame: Frame;
  readonly arrived: Set<string>;
}

interface End {
  readonly spec: PortSpec;
  readonly port: LinkPort;
  readonly model: ModelEnd;
  /** Number of the last frame that arrived, by the end it came from. */
  readonly last: Map<ModelEnd, number>;
}

class Trial {
  wrong: string | undefined;
  readonly #clock = new VirtualClock();
  readonly #fabric: Fabric;
  readonly #kind: "switch" | "hub";
  readonly #ends: End[] = [];
  readonly #sent: Sent[] = [];
  /** There was a mirror: some get what is not of their VLAN. */
  #mirrored = false;
  #next = 1;
  /** Of frames that change no more: those that were dropped as they came in or were let go, and copies by their end. */
  #dropped = 0;
  #copies = { arrived: 0, dropped: 0 };
  /** Of the counters of ends that were unplugged. */
  readonly #before = { sent: 0, received: 0 };

  constructor(random: Random) {
    this.#kind = random.pick(["switch", "switch", "hub"] as const);
    this.#clock.grain = random.pick([0, 0, 4]);
    this.#fabric = new Fabric({ ...timeOf(this.#clock), epoch: 0, seed: random.word() });
    void this.#fabric.declare({ lan: { kind: this.#kind } });
    for (let machine = 0; machine < 4; machine++) this.#plug(anyPort(random, `m${machine}`), random);
  }

  act(random: Random): void {
    const deed = random.below(200);
    if (deed < 6) this.#shape(random);
    else if (deed === 6) this.#control("hold", { on: random.chance(2) });
    else if (deed === 7) this.#control("cut", { on: random.chance(2) });
    else if (deed === 8) this.#control("cable", { machine: `m${random.below(4)}`, nic: 0, plugged: random.chance(2) });
    else if (deed === 9) this.#setMirror(random.pick([null, "m1/0", "m2/0"]));
    else if (deed === 10) this.#replug(random);
    else if (deed < 50) this.#clock.pass(random.below(10));
    else this.#send(random);
  }

  /** Everything is mended, and all that is on its way arrives. */
  settle(): void {
    this.#control("cut", { on: false });
    this.#control("hold", { on: false });
    this.#control("shape", { latency: null, jitter: null, rate: null });
    this.#clock.pass(10);
  }

  #send(random: Random): void {
    const end = random.pick(this.#ends);
    const bytes = numbered(anyBytes(random, 1500, false), this.#sent.length);
    const frame: Frame = random.chance(3) ? anyFrame(random, bytes) : { bytes, checksum: "whole" };
    if (sumsIntoNumber(frame)) bytes.fill(0, Math.max(0, bytes.length - NUMBER_BYTES));
    this.#sent.push({ from: end.model, frame, arrived: new Set() });
    end.port.send(frame);
  }

  #plug(spec: PortSpec, random: Random): void {
    const port = this.#fabric.port("lan", spec);
    const end: End = { spec, port, model: { ...spec, name: portName(spec) }, last: new Map() };
    port.offloads = random.chance(2);
    port.receive = (frame) => {
      this.wrong ??= this.#arrives(end, frame);
    };
    this.#ends.push(end);
  }

  #replug(random: Random): void {
    const [gone] = this.#ends.splice(random.below(this.#ends.length), 1);
    const { sent, received } = this.#report().ports.find(({ name }) => name === portName(gone!.spec))!;
    this.#before.sent += sent.frames;
    this.#before.received += received.frames;
    gone!.port.close();
    this.#plug(anyPort(random, gone!.spec.machine), random);
  }

  #arrives(end: End, frame: Frame): string | undefined {
    if (!end.port.offloads && (frame.checksum !== "whole" || frame.segmentation))
      return "a card without offloads got work";
    const number = numberOf(frame.bytes);
    const sent = number === undefined ? undefined : this.#sent[number];
    if (number === undefined || !sent) return undefined;
    const name = portName(end.spec);
    if (sent.arrived.has(name)) return `frame ${number} arrived twice at ${name}`;
    sent.arrived.add(name);
    const last = end.last.get(sent.from) ?? -1;
    if (number < last) return `frame ${number} arrived at ${name} behind ${last}`;
    end.last.set(sent.from, number);
    return frame.checksum === "partial" || sent.frame.checksum === "partial"
      ? undefined
      : this.#rightForm(end, sent, frame.bytes);
  }

  /** As a mirror gets it, or as a port of its VLAN does. */
  #rightForm(end: End, { from, frame }: Sent, bytes: Uint8Array): string | undefined {
    const here = end.model;
    if (this.#kind === "hub" || (this.#mirrored && same(bytes, frame.bytes))) {
      return same(bytes, frame.bytes) ? undefined : `${here.name} got other bytes than ${from.name} sent`;
    }
    const vlan = vlanOf(from, frame.bytes);
    if (typeof vlan === "string" || !isMember(here, vlan)) return `${here.name} got a frame of VLAN ${vlan}`;
    const due = leave(frame.bytes, vlan, leavesUntagged(here, vlan));
    return same(bytes, due) ? undefined : `${here.name} got another tag than that of VLAN ${vlan}`;
  }

  #shape(random: Random): void {
    this.#control("shape", {
      latency: random.pick([null, 1, 7, 300]),
      jitter: random.pick([null, 0.5, 20]),
      loss: random.pick([null, null, 0.1, 1]),
      rate: random.pick([null, null, 1e3, 1e6]),
      queue: random.pick([null, 1, 5]),
    });
  }

  #setMirror(to: string | null): void {
    if (to !== null && !this.#ends.some(({ spec }) => portName(spec) === to)) return;
    this.#control("mirror", { to });
    this.#mirrored ||= to !== null;
  }

  #control(name: string, args: Readonly<Record<string, unknown>> = {}): void {
    this.#fabric.control(`network.${name}`, { link: "lan", ...args });
  }

  #report(): LinkReport {
    return (this.#fabric.probe("network.counters", {}) as NetworkCounters).lan!;
  }

  /** Adds up what has become of frames that change no more. @param all none is left over */
  look(all: boolean): string | undefined {
    const { frames, settled, lost, next } = this.#fabric.probe("network.capture", {
      from: this.#next,
      count: 4096,
      bytes: 0,
    }) as CaptureReport;
    if (lost > 0) return undefined; // what was held for too long is kept no longer: the counters say nothing then
    for (const frame of frames) if (frame.seq < settled && !frame.piece?.index) this.#count(frame);
    this.#next = settled;
    if (!all) return undefined;
    if (next <= this.#sent.length) return `${this.#sent.length} frames were sent, ${next - 1} are known of`;
    return settled === next ? this.#balance() : `frame ${settled} is still on its way`;
  }

  #count({ decision, to }: CapturedFrame): void {
    if (decision.kind === "drop") this.#dropped++;
    for (const { dropped } of to) this.#copies[dropped ? "dropped" : "arrived"]++;
  }

  #balance(): string | undefined {
    const { frames, dropped, ports, waiting } = this.#report();
    const sum = (counts: Readonly<Record<string, number>>) =>
      Object.values(counts).reduce((one, other) => one + other, 0);
    const total = (of: (port: PortReport) => number) => ports.map(of).reduce((one, other) => one + other, 0);
    const checks: readonly [string, number, number][] = [
      ["frames that wait", waiting + total((port) => port.waiting), 0],
      ["drops by the link's counters", sum(dropped), this.#dropped + this.#copies.dropped],
      ["frames received", this.#before.received + total(({ received }) => received.frames), this.#copies.arrived],
      ["frames sent by the ends'", this.#before.sent + total(({ sent }) => sent.frames), frames],
    ];
    const wrong = checks.find(([, found, due]) => found !== due);
    return wrong && `${wrong[0]}: ${wrong[1]}, not ${wrong[2]}`;
  }
}

/** The clock's two functions, which are all a fabric needs of it. */
const timeOf = ({ now, later }: VirtualClock) => ({ now, later });

/** A mark and the number, at a frame's end. */
const NUMBER_BYTES = 8;

/** A checksum completed there would make it the number of another frame. */
const sumsIntoNumber = ({ bytes, checksum, checksumAt }: Frame): boolean =>
  checksum === "partial" && checksumAt !== undefined && checksumAt + 2 > bytes.length - NUMBER_BYTES;

/** Long enough for a number at its end. */
function numbered(bytes: Uint8Array, number: number): Uint8Array {
  if (bytes.length < 30) return bytes;
  new DataView(bytes.buffer).setUint32(bytes.length - 8, 0x5eed5eed);
  new DataView(bytes.buffer).setUint32(bytes.length - 4, number);
  return bytes;
}

function numberOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < 26) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return view.getUint32(bytes.length - 8) === 0x5eed5eed ? view.getUint32(bytes.length - 4) : undefined;
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
