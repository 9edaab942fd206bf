import type { GuestAccess } from "../../machine/platform.ts";
import type { IoEvent } from "../../probe/io/types.ts";
import { CHANNELS_2L, VIRQ } from "../abi/event-channel.ts";
import { CALLBACK_TYPE, HVM_PARAM, LEAST_VECTOR } from "../abi/hvm.ts";
import { SHUTDOWN } from "../abi/sched.ts";
import { Ports, type Receiver } from "./channels.ts";
import { GrantTable } from "./grant-table.ts";
import { GuestFrames } from "./guest-frames.ts";
import { GuestMemory } from "./guest-memory.ts";
import { MapTrack } from "./maptrack.ts";
import type { PageSharing } from "./page-sharing.ts";
import type { SharedPage } from "./shared-page.ts";
import { Timers } from "./timers.ts";
import { UpcallWords } from "./upcall.ts";
import { VcpuClock } from "./vcpu-clock.ts";
import type { XenPage } from "./xen-page.ts";

/** What a guest's domain needs of the host it runs on. */
export interface GuestSurroundings {
  readonly sharing: PageSharing;
  /** True while somebody reads the trace. */
  readonly tracing: boolean;
  trace(event: Omit<IoEvent, "number">): void;
  /** The platform device's interrupt line: one edge. */
  readonly line: { interrupt(): void };
  /** The guest cannot go on; `message` says why. */
  crashed(message: string): void;
}

/** The callback a guest asked for (HVM_PARAM_CALLBACK_IRQ). */
type Callback = "none" | "vector" | "line";

/** A domain that runs in an emulator: an HVM guest with one VCPU. */
export class Guest implements Receiver {
  readonly id: number;
  /** Its machine's name. */
  readonly name: string;
  readonly access: GuestAccess;
  readonly frames: GuestFrames;
  readonly memory: GuestMemory;
  readonly ports: Ports;
  readonly words: UpcallWords;
  readonly grants: GrantTable;
  readonly maptrack: MapTrack;
  readonly timers: Timers;
  readonly clock: VcpuClock;
  readonly params = new Map<number, bigint>();
  readonly sharing: PageSharing;
  /** Set by the toolstack: what SCHEDOP_shutdown with this reason does and returns. */
  onShutdown: (reason: number) => number = () => 0;
  readonly #surroundings: GuestSurroundings;
  #callback: Callback = "none";
  #crashed = false;
  #gone = false;

  constructor(id: number, name: string, access: GuestAccess, surroundings: GuestSurroundings) {
    this.id = id;
    this.name = name;
    this.access = access;
    this.sharing = surroundings.sharing;
    this.#surroundings = surroundings;
    this.frames = new GuestFrames(access);
    this.memory = new GuestMemory(access, (gfn) => this.frames.isMemory(gfn));
    this.ports = new Ports(this, CHANNELS_2L);
    this.words = new UpcallWords(this.frames);
    this.grants = new GrantTable(this.frames);
    this.maptrack = new MapTrack(this);
    this.timers = new Timers(access);
    this.clock = new VcpuClock(access, this.timers, {
      tick: () => this.ports.raiseVirq(VIRQ.timer),
      bite: () => this.onShutdown(SHUTDOWN.watchdog),
    });
  }

  get callback(): Callback {
    return this.#callback;
  }

  get tracing(): boolean {
    return this.#surroundings.tracing;
  }

  trace(kind: IoEvent["kind"], detail: string, ring?: string): void {
    const event = { at: this.access.now(), machine: this.name, kind, detail };
    this.#surroundings.trace(ring === undefined ? event : { ...event, ring });
  }

  raise(port: number): void {
    if (this.words.raise(port)) this.#interrupt(port);
  }

  clear(port: number): void {
    this.words.clear(port);
  }

  unmask(port: number): void {
    if (this.words.unmask(port)) this.#interrupt(port);
  }

  /** HVM_PARAM_CALLBACK_IRQ: how upcalls are to reach the processor. @returns false for a vector that cannot be one */
  setCallback(value: bigint): boolean {
    const type = Number(value >> 56n);
    const vector = Number(value & 0xffn);
    if (type === CALLBACK_TYPE.vector && vector < LEAST_VECTOR) return false;
    if (type === CALLBACK_TYPE.vector) this.#callback = "vector";
    else this.#callback = value !== 0n && type <= CALLBACK_TYPE.pci_intx ? "line" : "none";
    this.params.set(HVM_PARAM.CALLBACK_IRQ, value);
    this.armUpcall();
    return true;
  }

  /** Tells the processor where the upcall flag is: after the callback was set, and after the flag moved. */
  armUpcall(): void {
    const { flag } = this.words;
    const vector = Number((this.params.get(HVM_PARAM.CALLBACK_IRQ) ?? 0n) & 0xffn);
    this.access.setUpcall(this.#callback === "vector" && flag !== undefined ? { flag, vector } : undefined);
    if (this.#callback === "line" && this.words.pending) this.#surroundings.line.interrupt();
  }

  /** A frame gets another use: what the hypervisor or others had in it moves out. */
  takeFrame(gfn: number): void {
    for (const page of this.xenPages()) if (page.gfn === gfn) page.withdraw();
    this.words.frameTaken(gfn);
    this.frames.shared.get(gfn)?.remove(this.frames, gfn);
    this.armUpcall();
  }

  xenPages(): readonly XenPage[] {
    return [this.words.page, ...this.grants.pages];
  }

  /** Ends the guest for something it did, or for what failed on its behalf. Others go on. */
  crash(message: string): void {
    if (this.#crashed) return;
    this.#crashed = true;
    this.#surroundings.crashed(message);
  }

  /** As a domain is that was restored from a save: its ports, grants and pages are gone, its memory is as it was. */
  reset(keep: ReadonlySet<number>): void {
    this.ports.reset(keep);
    this.maptrack.reset();
    this.grants.reset();
    this.words.reset();
    this.clock.stop();
    this.params.delete(HVM_PARAM.CALLBACK_IRQ);
    this.#callback = "none";
    this.armUpcall();
  }

  /** True after {@link destroy}. */
  get gone(): boolean {
    return this.#gone;
  }

  /** The domain is gone: channels close, its mappings end, and others keep what they have mapped of it. */
  destroy(): void {
    this.#gone = true;
    this.timers.clear();
    this.access.setUpcall(undefined);
    this.ports.destroy();
    this.maptrack.clear();
    this.sharing.drop(this.frames);
  }

  /** @param host id of this program's domain, whose backends map and bind again themselves */
  save(pageNumber: (page: SharedPage) => number, host: number): unknown {
    return {
      frames: this.frames.save(),
      ports: this.ports.save(),
      words: this.words.save(),
      grants: this.grants.save(host),
      maptrack: this.maptrack.save(pageNumber),
      params: [...this.params].map(([index, value]) => [index, String(value)]),
      callback: this.#callback,
      clock: this.clock.save(),
    };
  }

  /** What belongs to this guest alone; ports and mappings come when all guests are there. */
  restore(state: unknown): void {
    const saved = state as SavedGuest;
    this.frames.restore(saved.frames);
    this.words.restore(saved.words);
    this.grants.restore(saved.grants);
    this.params.clear();
    for (const [index, value] of saved.params) this.params.set(index, BigInt(value));
    this.#callback = saved.callback;
    this.clock.restore(saved.clock);
    this.armUpcall();
  }

  /** What ties it to others. */
  connect(
    state: unknown,
    guestOf: (id: number) => Guest,
    portsOf: (id: number) => Ports | undefined,
    pages: readonly SharedPage[],
  ): void {
    const saved = state as SavedGuest;
    this.ports.restore(saved.ports, portsOf);
    this.maptrack.restore(saved.maptrack, guestOf, pages);
  }

  #interrupt(port: number): void {
    if (this.tracing) this.trace("interrupt", `upcall for port ${port}`);
    if (this.#callback === "line") this.#surroundings.line.interrupt();
    this.access.wake();
  }
}

interface SavedGuest {
  readonly frames: ReturnType<GuestFrames["save"]>;
  readonly ports: unknown;
  readonly words: unknown;
  readonly grants: unknown;
  readonly maptrack: unknown;
  readonly params: readonly (readonly [number, string])[];
  readonly callback: Callback;
  readonly clock: unknown;
}
