import { fromBase64 } from "../base64.ts";
import type { Gateway, MakeGateway } from "../gateway/types.ts";
import type { LinkPort } from "../link.ts";
import type { GatewaySpec, LinkSpec, PortSpec } from "../link-spec.ts";
import { portName } from "../link-spec.ts";
import type { CaptureReport, FdbReport, NatReport, NetworkCounters } from "../reports.ts";
import { Agenda, type Clock } from "./agenda.ts";
import { type Arguments, flagOf, numberOf, textOf } from "./arguments.ts";
import { Capture } from "./capture/capture.ts";
import { Delivery } from "./delivery.ts";
import { type Common, Link } from "./link.ts";
import { Random } from "./random.ts";
import type { Replay, ReplayReport } from "./replay.ts";
import { SHAPES } from "./shape.ts";

export interface FabricOptions extends Clock {
  /** Milliseconds since 1970 at 0 of the clock. */
  readonly epoch: number;
  /** Of what is at random: losses, jitter, and what gateways draw. Default 1. */
  readonly seed?: number;
  /** Loads what makes gateways, when a link wants one; by default the project's own. */
  readonly gateways?: () => Promise<MakeGateway>;
}

/** Frames that one answer to `network.capture` has, unless it is asked otherwise, and at most. */
const USUAL_FRAMES = 512;
const MOST_FRAMES = 4096;
/** Bytes of each: all of the largest segment. */
const MOST_BYTES = 65_536 + 64;

type Reader = (args: Arguments) => unknown;

/** Links by name, and what may be asked of them (api.ts). Nothing in it runs by itself but what its clock calls back. */
export class Fabric {
  readonly #options: FabricOptions;
  readonly #common: Common;
  readonly #links = new Map<string, Link>();
  /** By the name of their inner link. */
  readonly #gateways = new Map<string, { readonly gateway: Gateway; readonly address: string }>();
  /** By the name of the link they go into. */
  readonly #replays = new Map<string, Replay>();
  readonly #random: Random;
  #closed = false;

  constructor(options: FabricOptions) {
    this.#options = options;
    const { seed = 1, epoch } = options;
    const now = () => options.now();
    this.#random = new Random(seed, "gateways");
    this.#common = { now, seed, agenda: new Agenda(options), delivery: new Delivery(now), capture: new Capture(epoch) };
  }

  /**
   * Makes links that are not there yet; one that is stays what it is. They are there when this returns; their gateways are
   * when the promise is fulfilled.
   *
   * @throws Error with a sentence when a specification cannot be
   */
  async declare(links: Readonly<Record<string, LinkSpec>>): Promise<void> {
    const fresh = Object.entries(links).filter(([name]) => !this.#links.has(name));
    for (const [name, spec] of fresh) this.#links.set(name, new Link(name, spec, this.#common));
    await Promise.all(fresh.map(([name, { gateway }]) => gateway && this.#plugGateway(name, gateway)));
  }

  has(link: string): boolean {
    return this.#links.has(link);
  }

  /** @returns undefined when there is no such link */
  mtu(link: string): number | undefined {
    return this.#links.get(link)?.mtu;
  }

  /**
   * A new end of a link.
   *
   * @throws Error with a sentence when there is no such link, or no room at it
   */
  port(link: string, spec: PortSpec): LinkPort {
    return this.#link(link).plug(spec);
  }

  /** @throws Error with a sentence when there is no such probe or link here, or an argument cannot be */
  probe(name: string, args: Arguments): unknown {
    return this.#find(this.#probes, name, "probe")(args);
  }

  /**
   * @returns of `network.hold` and `network.step` how many frames wait then; of `network.replay` a promise of a
   *   {@link ReplayReport}
   * @throws Error with a sentence when there is no such setting or link here, or a value cannot be
   */
  control(name: string, args: Arguments): unknown {
    return this.#find(this.#controls, name, "setting")(args);
  }

  /** Unplugs everything. */
  close(): void {
    this.#closed = true;
    for (const { gateway } of this.#gateways.values()) gateway.close();
    for (const link of this.#links.values()) link.close();
    this.#gateways.clear();
    this.#links.clear();
    this.#replays.clear();
    this.#common.agenda.clear();
  }

  readonly #probes: Readonly<Record<string, Reader>> = {
    "network.counters": () => this.#counters(),
    "network.fdb": (args) => this.#fdb(args),
    "network.nat": () => this.#nat(),
    "network.capture": (args) => this.#capture(args),
  };

  readonly #controls: Readonly<Record<string, Reader>> = {
    "network.hold": (args) => this.#linkOf(args).hold(flagOf(args, "on")),
    "network.step": (args) => this.#linkOf(args).step(),
    "network.cut": (args) => this.#linkOf(args).cut(flagOf(args, "on")),
    "network.cable": (args) => this.#cable(args),
    "network.shape": (args) => this.#linkOf(args).reshape(only(args, SHAPES)),
    "network.mirror": (args) => this.#linkOf(args).mirrorTo(args.to === null ? null : textOf(args, "to")),
    "network.forget": (args) => this.#linkOf(args).forget(),
    "network.reset": (args) => {
      for (const link of this.#someLinks(args)) link.reset();
    },
    "network.replay": (args) =>
      this.#replay(this.#linkOf(args), args.capture === null ? null : textOf(args, "capture")),
  };

  #find(readers: Readonly<Record<string, Reader>>, name: string, kind: string): Reader {
    if (!Object.hasOwn(readers, name)) throw new Error(`There is no ${kind} \`${name}\` of the network.`);
    return readers[name]!;
  }

  #counters(): NetworkCounters {
    const reports = [...this.#links].map(([name, link]) => {
      const plugged = this.#gateways.get(name);
      return [name, link.report(plugged ? { mac: plugged.gateway.mac, address: plugged.address } : null)] as const;
    });
    return Object.fromEntries(reports);
  }

  #fdb(args: Arguments): FdbReport {
    return together(this.#someLinks(args).map((link) => link.fdb()));
  }

  #nat(): NatReport {
    return together([...this.#gateways.values()].flatMap(({ gateway }) => gateway.nat() ?? []));
  }

  #capture(args: Arguments): CaptureReport {
    const link = args.link === undefined ? undefined : this.#linkOf(args).name;
    return this.#common.capture.read({
      ...(link !== undefined && { link }),
      from: numberOf(args, "from", 1, Number.MAX_SAFE_INTEGER, 1),
      count: numberOf(args, "count", 1, MOST_FRAMES, USUAL_FRAMES),
      bytes: numberOf(args, "bytes", 0, MOST_BYTES, MOST_BYTES),
    });
  }

  #cable(args: Arguments): void {
    const name = portName({ machine: textOf(args, "machine"), nic: numberOf(args, "nic", 0, 255) });
    const plugged = flagOf(args, "plugged");
    const found = [...this.#links.values()].map((link) => link.plugCable(name, plugged));
    if (!found.includes(true)) throw new Error(`There is no card \`${name}\` on a link here.`);
  }

  /** Plays a capture into a link, instead of one that is being played; null for none. */
  async #replay(link: Link, text: string | null): Promise<ReplayReport | undefined> {
    const [{ openCapture }, { Replay }] = await Promise.all([import("../pcapng/index.ts"), import("./replay.ts")]);
    const bytes = text === null ? undefined : fromBase64(text);
    const capture = bytes && openCapture(bytes);
    if (text !== null && !capture) throw new Error("The capture is not in Base64.");
    if (capture && "error" in capture) throw new Error(capture.error);
    this.#replays.get(link.name)?.stop();
    this.#replays.delete(link.name);
    if (!capture || this.#closed) return undefined;
    const { agenda, now } = this.#common;
    const replay = new Replay(capture, link.plug(link.player), agenda, now(), () => this.#replays.delete(link.name));
    this.#replays.set(link.name, replay);
    return replay.report(capture);
  }

  #someLinks(args: Arguments): readonly Link[] {
    return args.link === undefined ? [...this.#links.values()] : [this.#linkOf(args)];
  }

  #linkOf(args: Arguments): Link {
    return this.#link(textOf(args, "link"));
  }

  #link(name: string): Link {
    const link = this.#links.get(name);
    if (!link) throw new Error(`There is no link \`${name}\` here.`);
    return link;
  }

  async #plugGateway(link: string, spec: GatewaySpec): Promise<void> {
    const make = await (this.#options.gateways ?? loadGateways)();
    if (this.#closed) return;
    const gateway = make(link, spec, {
      now: this.#common.now,
      later: (milliseconds, run) => this.#options.later(milliseconds, run),
      port: (name, port) => this.port(name, port),
      random: () => this.#random.next(),
    });
    this.#gateways.set(link, { gateway, address: spec.address });
  }
}

const loadGateways = async (): Promise<MakeGateway> => (await import("../gateway/index.ts")).makeGateway;

interface Table<Entry> {
  readonly entries: readonly Entry[];
  readonly limit: number;
  readonly evicted: number;
}

const together = <Entry>(tables: readonly Table<Entry>[]): Table<Entry> => ({
  entries: tables.flatMap(({ entries }) => entries),
  limit: tables.reduce((sum, { limit }) => sum + limit, 0),
  evicted: tables.reduce((sum, { evicted }) => sum + evicted, 0),
});

const only = (args: Arguments, names: readonly string[]): Arguments =>
  Object.fromEntries(names.filter((name) => name in args).map((name) => [name, args[name]]));
