import type { Hosts } from "./hosts.ts";

/** What a machine's console is shown on. */
export interface Screen {
  write(bytes: Uint8Array, done: () => void): void;
  replay(bytes: readonly Uint8Array[]): void;
  announce(line: string): void;
}

/** Bytes of a console kept to show an earlier moment again: more than a terminal scrolls back. */
const KEPT_BYTES = 512 * 1024;

/** Bytes typed ahead while a machine starts; what is beyond is dropped, as a tty does. */
const TYPED_AHEAD = 4096;

interface Console {
  screen: Screen | undefined;
  /** Waits for a screen. Bounded by the host: it pauses a guest whose bytes are not acknowledged. */
  waiting: Uint8Array[];
  /** False until the machine has its prompt: what is typed before is kept for it. */
  listening: boolean;
  ahead: number[];
  shown: Uint8Array[];
  shownBytes: number;
  saved: readonly Uint8Array[];
  size: { readonly columns: number; readonly rows: number } | undefined;
}

/** The consoles of a lab's machines: bytes from hosts to screens and back, none lost, all acknowledged. */
export class Consoles {
  private readonly hosts: Pick<Hosts, "running">;
  private readonly consoles = new Map<string, Console>();

  constructor(hosts: Pick<Hosts, "running">) {
    this.hosts = hosts;
  }

  /** Shows a machine's console on a screen from now on, what came before included. */
  attach(machine: string, screen: Screen): void {
    const console = this.of(machine);
    console.screen = screen;
    for (const bytes of console.waiting.splice(0)) this.show(machine, console, bytes);
  }

  receive(machine: string, bytes: Uint8Array): void {
    const console = this.of(machine);
    if (console.screen) this.show(machine, console, bytes);
    else console.waiting.push(bytes);
  }

  type(machine: string, bytes: Uint8Array): void {
    const console = this.of(machine);
    if (!console.listening) {
      if (console.ahead.length + bytes.length <= TYPED_AHEAD) console.ahead.push(...bytes);
      return;
    }
    // A machine that stopped meanwhile takes no input; its own panel says that it stopped.
    this.hosts
      .running(machine)
      ?.type(machine, bytes)
      .catch(() => undefined);
  }

  /** A machine has its prompt, or lost it: passes on what was typed meanwhile, or forgets it. */
  listen(machine: string, listening: boolean): void {
    const console = this.of(machine);
    console.listening = listening;
    const ahead = Uint8Array.from(console.ahead.splice(0));
    if (listening && ahead.length > 0) this.type(machine, ahead);
  }

  /** @param columns, rows size of the screen in cells */
  resize(machine: string, columns: number, rows: number): void {
    this.of(machine).size = { columns, rows };
    this.hosts
      .running(machine)
      ?.resize(machine, columns, rows)
      .catch(() => undefined);
  }

  /** The size a machine should start with, once its screen has one. */
  size(machine: string) {
    return this.of(machine).size;
  }

  announce(machine: string, line: string): void {
    this.of(machine).screen?.announce(line);
  }

  /** Remembers the screen of a save point. */
  save(machine: string): void {
    const console = this.of(machine);
    console.saved = [...console.shown];
  }

  /** Shows the screen of the save point again; without one, all stays. */
  back(machine: string): void {
    const console = this.of(machine);
    if (console.saved.length === 0) return;
    console.shown = [...console.saved];
    console.shownBytes = console.shown.reduce((sum, bytes) => sum + bytes.length, 0);
    console.screen?.replay(console.shown);
  }

  private of(machine: string): Console {
    let console = this.consoles.get(machine);
    if (!console) {
      console = {
        screen: undefined,
        waiting: [],
        listening: false,
        ahead: [],
        shown: [],
        shownBytes: 0,
        saved: [],
        size: undefined,
      };
      this.consoles.set(machine, console);
    }
    return console;
  }

  private show(machine: string, console: Console, bytes: Uint8Array) {
    console.shown.push(bytes);
    console.shownBytes += bytes.length;
    while (console.shownBytes > KEPT_BYTES && console.shown.length > 1)
      console.shownBytes -= console.shown.shift()!.length;
    const { length } = bytes;
    console.screen?.write(bytes, () => {
      this.hosts
        .running(machine)
        ?.acknowledge(machine, length)
        .catch(() => undefined);
    });
  }
}
