import type { Lab } from "../../lab/index.ts";
import type { XenDomains } from "../../probe/io/types.ts";
import type { Language } from "../../views/language.ts";
import type { MachineStatus } from "../../views/machine.ts";
import { makePicture } from "../../views/network/picture/make.ts";
import type { NetworkPicture, Passing, Trail } from "../../views/network/picture.ts";
import { TrailBook } from "../../views/network/trails/book.ts";
import { crossingsOf, learnFrom } from "../../views/network/trails/clock.ts";
import { Surroundings } from "../../views/network/trails/surroundings.ts";
import { Topology } from "../../views/network/trails/topology.ts";
import { transportWords } from "../../views/network/words/transport.ts";
import { bytes } from "../../views/quantities.ts";
import { Activity } from "./activity.ts";
import { captureFile, fileAsBase64, LONGEST_FILE, saveCapture } from "./capture-file.ts";
import { FabricWatch, type LinkFrames } from "./fabric-watch.ts";
import { GuestWatch, type Probe, pageTime, plain } from "./guest-watch.ts";

export interface NetworkWatchOptions {
  readonly lab: Lab;
  readonly probe: Probe;
  /** Turns a setting of the links. */
  readonly control: (control: string, args: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly phase: (machine: string) => MachineStatus["phase"];
  /** Whether a panel can be seen now. */
  readonly shown: (panel: string) => boolean;
  readonly changed: () => void;
  /** Something the student asked for went wrong; for a quiet note. */
  readonly refused: (message: string) => void;
}

/** Between two looks at the fabric, and at a guest, in milliseconds. */
const LOOK = { fabric: 250, guest: 1000 } as const;
/** After the student typed, a command has done its work by then; milliseconds. */
const TYPED = 150;
/** Names of Xen guests change as rarely as they are started. */
const DOMAINS = 3000;

const NOTHING: Passing = { trails: [], leftOut: 0, rate: 0 };

/** Looks at the network for the panel that shows it, and passes on what the student does there. */
export class NetworkWatch {
  picture: NetworkPicture | undefined;
  passing: Passing = NOTHING;
  /** The link whose wire is held, by name; undefined for the first. */
  chosen: string | undefined;
  readonly activity = new Activity();
  readonly #options: NetworkWatchOptions;
  readonly #guests: ReadonlyMap<string, GuestWatch>;
  readonly #fabric: FabricWatch;
  readonly #book = new TrailBook();
  #domains: ReadonlyMap<string, number> = new Map();
  #domainsDue = 0;
  #problem: string | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #typed = new Map<string, ReturnType<typeof setTimeout>>();
  #text = "";
  #closed = false;

  constructor(options: NetworkWatchOptions) {
    const { lab, probe } = options;
    this.#options = options;
    this.#guests = new Map(lab.machines.map(({ spec }) => [spec.name, new GuestWatch(spec.name)]));
    this.#fabric = new FabricWatch(
      probe,
      lab.links.some(({ spec }) => spec.gateway?.nat !== undefined),
    );
  }

  /** Looks from now on. */
  start(): void {
    this.#plan();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const timer of this.#typed.values()) clearTimeout(timer);
  }

  /** Why something could not be read, in words. */
  get problem(): string | undefined {
    const guests = [...this.#guests.values()].filter(({ machine }) => this.#options.phase(machine) === "running");
    return this.#problem ?? guests.find(({ problem }) => problem !== undefined)?.problem;
  }

  /** The student typed on a machine, or did something with it: it is looked at soon. */
  hurry(machine: string): void {
    clearTimeout(this.#typed.get(machine));
    this.#typed.set(
      machine,
      setTimeout(() => this.#guests.get(machine)?.hurry(), TYPED),
    );
  }

  /** The machine lives anew, or an earlier life again: what was read is not its own any more. */
  forget(machine: string): void {
    this.#guests.get(machine)?.forget();
    this.#book.forget(machine);
    this.#domainsDue = 0;
  }

  /** Turns a setting of the links; what is refused is said. */
  async turn(control: string, args: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await this.#options.control(control, args);
    } catch (error) {
      this.#options.refused(plain(error));
    }
    await this.#lookAtFabric(performance.now());
  }

  /** The student looks at another link: it is the one whose wire is held. */
  choose(link: string): void {
    this.chosen = link;
    this.#options.changed();
  }

  /** Saves what is kept of a link's frames, or of everybody's, as a file. */
  async save(link: string | undefined, language: Language): Promise<void> {
    try {
      const file = await this.capture(link);
      if (file) saveCapture(this.#options.lab.id, link, file);
      else this.#options.refused(transportWords(language).nothingSaved);
    } catch (error) {
      this.#options.refused(plain(error));
    }
  }

  /** @returns the bytes of that file; undefined when there is no frame */
  capture(link: string | undefined): Promise<Uint8Array | undefined> {
    const { probe, phase } = this.#options;
    const guests = [...this.#guests];
    const picture = this.picture ?? this.#makePicture();
    const offsets = new Map(guests.map(([machine, { clock }]) => [machine, clock.offset]));
    const running = guests.map(([machine]) => machine).filter((machine) => phase(machine) === "running");
    return captureFile({ probe, picture, offsets, running }, link);
  }

  /** Sends the frames of a file into a link. */
  async replay(link: string, file: File, language: Language): Promise<void> {
    const words = transportWords(language);
    try {
      const capture = await fileAsBase64(file);
      if (capture === undefined) this.#options.refused(words.fileTooLong(file.name, bytes(LONGEST_FILE)));
      else await this.turn("network.replay", { link, capture });
    } catch (error) {
      this.#options.refused(words.fileUnread(file.name, plain(error)));
    }
  }

  /** What passed so far is shown no longer. */
  clear(): void {
    this.#book.clear(pageTime());
    this.#show();
  }

  /** One look at everything that is due. @param now milliseconds on a steady clock */
  async look(now: number): Promise<void> {
    const shown = this.#options.shown("network");
    await Promise.all([this.#lookAtFabric(now), ...(shown ? [this.#lookAtDomains(now)] : [])]);
    if (!shown) return;
    // a slow guest keeps nobody waiting: its answer is taken whenever it comes
    for (const guest of this.#guests.values()) void this.#lookAtGuest(guest, now);
  }

  /** Counters alone while no panel shows more: the controls below the stage need them. */
  async #lookAtFabric(now: number): Promise<void> {
    try {
      await this.#fabric.count(now);
      if (this.#options.shown("network")) await this.#readFabric();
      this.#problem = undefined;
    } catch (error) {
      // before a host is there, nobody can be asked
      this.#problem = this.#isStarting() ? undefined : plain(error);
    }
    this.#show();
  }

  /** A link that cannot be asked keeps nobody from seeing the others. @throws what was wrong with the first such */
  async #readFabric(): Promise<void> {
    const links = Object.keys(this.#fabric.counters);
    const frames = links.map(async (link) => this.#takeFrames(link, await this.#fabric.readFrames(link)));
    const outcomes = await Promise.allSettled([this.#fabric.readTables(), ...frames]);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed) throw failed.reason;
  }

  #takeFrames(link: string, { frames, lost, restarted }: LinkFrames): void {
    if (restarted) {
      this.#book.forgetLink(link);
      this.activity.forget(link);
    }
    this.#book.addFabric(frames, this.#surroundings(), lost);
    this.activity.add(frames);
  }

  async #lookAtGuest(guest: GuestWatch, now: number): Promise<void> {
    const phase = this.#options.phase(guest.machine);
    if (phase !== "running") guest.stand();
    if (phase !== "running" || !guest.isDue(now)) return;
    const seen = await guest.look(this.#options.probe, now, LOOK.guest);
    if (this.#closed) return;
    if (seen) this.#book.addGuest(guest.machine, seen.frames, this.#surroundings(), seen.lost);
    this.#show();
  }

  /** Which domain a machine is, for the interfaces of netback are called by it. */
  async #lookAtDomains(now: number): Promise<void> {
    if (now < this.#domainsDue) return;
    this.#domainsDue = now + DOMAINS;
    const backends = new Set(
      this.#options.lab.machines.flatMap(({ spec }) => spec.nics.flatMap(({ backend }) => backend ?? [])),
    );
    const running = [...backends].filter((machine) => this.#options.phase(machine) === "running");
    const read = running.map((machine) => this.#options.probe("xen.domains", { machine }) as Promise<XenDomains>);
    const found = await Promise.allSettled(read);
    const domains = found.flatMap((one) => (one.status === "fulfilled" ? one.value.domains : []));
    this.#domains = new Map(domains.filter(({ kind }) => kind === "guest").map(({ name, id }) => [name, id]));
  }

  #isStarting(): boolean {
    return this.#options.lab.machines.some(({ spec }) => this.#options.phase(spec.name) === "starting");
  }

  #makePicture(): NetworkPicture {
    const guests = [...this.#guests.values()].flatMap(({ machine, network }) =>
      network ? [[machine, network] as const] : [],
    );
    return makePicture({
      machines: this.#options.lab.machines.map(({ spec: { name, nics }, host }) => ({
        name,
        host,
        nics,
        running: this.#options.phase(name) === "running",
      })),
      guests: new Map(guests),
      counters: this.#fabric.counters,
      domains: this.#domains,
      ...(this.#fabric.fdb && { fdb: this.#fabric.fdb.entries }),
      ...(this.#fabric.nat && { nat: this.#fabric.nat }),
    });
  }

  #surroundings(picture = this.picture ?? this.#makePicture()): Surroundings {
    const guests = [...this.#guests.values()];
    return new Surroundings({
      topology: new Topology(picture),
      now: pageTime(),
      offsets: new Map(guests.map(({ machine, clock }) => [machine, clock])),
      watched: new Map(guests.flatMap(({ machine, watched }) => (watched ? [[machine, watched] as const] : []))),
      readings: new Map(guests.map(({ machine, readings }) => [machine, readings])),
    });
  }

  /** Puts what was read together, and shows it when it is something new. */
  #show(): void {
    if (this.#closed) return;
    const picture = this.#makePicture();
    const text = JSON.stringify(picture);
    const isNew = text !== this.#text;
    if (isNew) this.picture = picture;
    this.#text = text;
    const { trails, leftOut } = this.#book.read(this.#surroundings());
    this.#setClocks(trails);
    const { rate } = this.#fabric;
    const before = this.passing;
    const same = trails.length === before.trails.length && trails.every((trail, at) => trail === before.trails[at]);
    if (!isNew && same && leftOut === before.leftOut && rate === before.rate) return;
    this.passing = { trails: same ? before.trails : trails, leftOut, rate };
    this.#options.changed();
  }

  /** Frames tell a guest's clock from others better than any reading. */
  #setClocks(trails: readonly Trail[]): void {
    const known = new Set(this.passing.trails);
    const clockOf = (machine: string) => this.#guests.get(machine)?.clock;
    for (const crossing of trails.filter((trail) => !known.has(trail)).flatMap(crossingsOf))
      learnFrom(crossing, clockOf);
  }

  /** The next look waits for this one, however slow a host is. */
  #plan(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.look(performance.now()).finally(() => this.#plan()), LOOK.fabric);
  }
}
