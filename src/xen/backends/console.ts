/** A domain's console, served by this program: what xenconsoled is on a Xen host. */
import type { RingState, RingSummary } from "../../probe/io/types.ts";
import { type ConsoleContext, ConsoleIn, ConsoleOut, type ConsolePage } from "./console-rings.ts";
import type { Backend, FrontDomain, PaceSetting } from "./front-domain.ts";
import { checkPace, Pacer } from "./pacer.ts";
import { RingAccount, type SavedAccount } from "./ring-account.ts";

type Direction = "out" | "in";
const DIRECTIONS = ["out", "in"] as const;

/** JSON data of {@link ConsoleBackend.save}. */
interface SavedConsole {
  readonly typed: readonly number[];
  readonly pace: Readonly<Record<Direction, PaceSetting>>;
  readonly accounts: Readonly<Record<Direction, SavedAccount>>;
}

/** Both rings of a console. Its page and its port are the toolstack's to give; there is no handshake. */
export class ConsoleBackend implements Omit<Backend, "costs"> {
  readonly #domain: FrontDomain;
  readonly #page: ConsolePage;
  readonly #out: ConsoleOut;
  readonly #in: ConsoleIn;
  readonly #pacers: Readonly<Record<Direction, Pacer>>;

  /**
   * @param notify sends an event to the guest
   * @param show gets what the guest writes
   */
  constructor(domain: FrontDomain, page: ConsolePage, notify: () => void, show: (bytes: Uint8Array) => void) {
    this.#domain = domain;
    this.#page = page;
    const context: ConsoleContext = { page, notify };
    const account = () => new RingAccount(() => domain.now());
    this.#out = new ConsoleOut(context, account(), show);
    this.#in = new ConsoleIn(context, account());
    this.#pacers = { out: new Pacer(domain), in: new Pacer(domain) };
    this.#pacers.out.attach(this.#out);
    this.#pacers.in.attach(this.#in);
  }

  /** Zeros in the page, as a domain finds it when it is built. */
  clear(): void {
    const view = this.#page.view();
    if (view) new Uint8Array(view.buffer, view.byteOffset, view.byteLength).fill(0);
    this.#page.written();
  }

  /** The guest sent an event: it has written, or read. */
  notified(): void {
    this.#out.account.notified();
    for (const direction of DIRECTIONS) this.#pacers[direction].kick();
  }

  /** Types at the guest's console. */
  type(bytes: Uint8Array): void {
    this.#in.type(bytes);
    this.#pacers.in.kick();
  }

  rings(): readonly RingSummary[] {
    return DIRECTIONS.map((direction) => this.#summary(direction));
  }

  state(ring: string): RingState | undefined {
    const direction = this.#direction(ring);
    if (!direction) return undefined;
    const work = direction === "out" ? this.#out : this.#in;
    const { indices, slots } = work.slots();
    return {
      ...this.#summary(direction),
      capacity: slots.length,
      entryBytes: 1,
      pages: [`pa:0x${this.#page.address.toString(16)}`],
      indices,
      slots,
      ...work.account.probe(),
      pace: this.#pacers[direction].pace,
    };
  }

  reset(): void {
    this.#out.account.reset();
    this.#in.account.reset();
  }

  pace(ring: string | undefined, setting: PaceSetting): void {
    checkPace(setting);
    for (const direction of DIRECTIONS) {
      if (ring === undefined || ring === this.#ringName(direction)) this.#pacers[direction].set(setting);
    }
  }

  step(ring: string, by: "slot" | "notification"): void {
    const direction = this.#direction(ring);
    if (direction) this.#pacers[direction].step(by);
  }

  /** The domain is gone. What it had written is shown, however slow the console was: its last words are in it. */
  close(): void {
    for (const direction of DIRECTIONS) this.#pacers[direction].attach(undefined);
    while (this.#out.inService > 0 || this.#out.take()) this.#out.serve();
    this.#out.push();
  }

  save(): SavedConsole {
    return {
      typed: [...this.#in.typed],
      pace: { out: this.#pacers.out.setting, in: this.#pacers.in.setting },
      accounts: { out: this.#out.account.save(), in: this.#in.account.save() },
    };
  }

  restore(state: unknown): void {
    const { typed, pace, accounts } = state as SavedConsole;
    this.#in.type(Uint8Array.from(typed));
    this.#out.account.restore(accounts.out);
    this.#in.account.restore(accounts.in);
    for (const direction of DIRECTIONS) this.#pacers[direction].set(pace[direction]);
  }

  #direction(ring: string): Direction | undefined {
    return DIRECTIONS.find((direction) => this.#ringName(direction) === ring);
  }

  #ringName(direction: Direction): string {
    return `console:${this.#domain.name}/${direction}`;
  }

  #summary(direction: Direction): RingSummary {
    const { name } = this.#domain;
    const ring = this.#ringName(direction);
    return { ring, design: "xen", device: "console", front: name, back: "host", connected: true };
  }
}
