import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { V86 } from "v86";
import { loadLinux } from "../../machine/boot.ts";
import { loadPart } from "../../machine/image/load.ts";
import { findImage, parseManifest } from "../../machine/image/manifest.ts";
import { openInternals } from "../../machine/v86-internals.ts";
import { BUILT_IMAGES, V86_WASM } from "../node-host.ts";

/** What v86's card says to the console of each frame it has no buffer for; a benchmark has its own to say there. */
const NO_BUFFER = "No buffer to write into!";

/** Keeps that from the console from now on. */
function quieten(): void {
  const say = console.log;
  console.log = (...words) => {
    if (words[0] !== NO_BUFFER) say(...words);
  };
}

/**
 * v86 as its readme shows it, with its own defaults (compiling on, its own scheduling, its own devices), on the same
 * kernel, initramfs and ROM: the peer of the benchmarks. A bare shell on the serial port takes the place of our init,
 * agent and console, so the peer has less to do.
 */
export class PlainV86 {
  readonly #emulator: V86;
  #output = "";
  #listener: (() => void) | undefined;

  private constructor(emulator: V86) {
    this.#emulator = emulator;
    emulator.add_listener("serial0-output-byte", (byte: number) => {
      this.#output += String.fromCharCode(byte);
      this.#listener?.();
    });
  }

  /**
   * @param memory MiB
   * @param card with v86's virtio network card, on the hub that all instances of this process share
   */
  static async create(memory: number, { card = false } = {}): Promise<PlainV86> {
    const { rom } = await plainParts();
    if (card) quieten();
    const emulator = new V86({
      wasm_path: V86_WASM,
      memory_size: memory << 20,
      bios: { buffer: rom.slice().buffer },
      virtio_console: true,
      ...(card && { net_device: { type: "virtio", relay_url: "inbrowser" } }),
      autostart: false,
    } as unknown as ConstructorParameters<typeof V86>[0]);
    await new Promise<void>((resolve) => emulator.add_listener("emulator-loaded", () => resolve()));
    return new PlainV86(emulator);
  }

  /** Boots to the first prompt of a shell. */
  async boot(): Promise<void> {
    const { kernel, initramfs } = await plainParts();
    const commandLine = "console=ttyS0 quiet mitigations=off tsc=reliable random.trust_cpu=on rdinit=/bin/sh";
    loadLinux(openInternals(this.#emulator), { kernel, initramfs, commandLine });
    await this.#emulator.run();
    await this.#until(/# $/);
  }

  /** Mounts what scripts look for; the bare shell has nothing. */
  async mount(): Promise<void> {
    await this.run("mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; ip link set lo up");
  }

  /** @returns what the script printed, behind an echo of itself. @throws Error with that when it failed */
  async run(script: string): Promise<string> {
    const end = /end-(\d+)-42\r?\n/;
    await this.ask(`( ${script} ); echo end-$?-$((40 + 2))`, end);
    const [, exit] = end.exec(this.#output)!;
    if (exit !== "0") throw new Error(`\`${script}\` ended with ${exit}: ${this.#output}`);
    return this.#output;
  }

  /** Types a command at the shell and waits for `answer` in what it prints. */
  async ask(command: string, answer: RegExp): Promise<void> {
    this.#output = "";
    this.#emulator.serial0_send(`${command}\n`);
    await this.#until(answer);
  }

  /** @returns bytes a second over the serial port, for `kilobytes` of lines of eighty characters */
  async serialRate(kilobytes: number): Promise<number> {
    const line = "x".repeat(80);
    await this.ask(`yes ${line} | head -c ${kilobytes}k > /lines; echo made-$((40+2))`, /made-42/);
    let left = kilobytes * 1024;
    const done = new Promise<number>((resolve) => {
      const start = performance.now();
      const count = () => --left === 0 && resolve((kilobytes * 1024) / ((performance.now() - start) / 1000));
      this.#emulator.add_listener("serial0-output-byte", count);
    });
    this.#output = "";
    this.#emulator.serial0_send("cat /lines\n");
    return done;
  }

  save(): Promise<ArrayBuffer> {
    return this.#emulator.save_state();
  }

  async restore(state: ArrayBuffer): Promise<void> {
    await this.#emulator.restore_state(state);
    await this.#emulator.run();
  }

  async close(): Promise<void> {
    await this.#emulator.destroy();
  }

  #until(pattern: RegExp): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!pattern.test(this.#output)) return;
        this.#listener = undefined;
        resolve();
      };
      this.#listener = look;
      look();
    });
  }
}

type Parts = Record<"rom" | "kernel" | "initramfs", Uint8Array<ArrayBuffer>>;
let parts: Promise<Parts> | undefined;

/** The parts of the `linux` image, loaded once and outside what is measured. */
function plainParts(): Promise<Parts> {
  parts ??= (async () => {
    const manifest = parseManifest(JSON.parse(await readFile(join(BUILT_IMAGES, "manifest.json"), "utf8")));
    const image = findImage(manifest, "linux");
    const source = {
      open: async (file: string) =>
        Readable.toWeb(createReadStream(join(BUILT_IMAGES, file))) as ReadableStream<Uint8Array>,
    };
    const load = (name: keyof Parts) => loadPart(source, name, image.parts[name]);
    const [rom, kernel, initramfs] = await Promise.all([load("rom"), load("kernel"), load("initramfs")]);
    return { rom, kernel, initramfs };
  })();
  return parts;
}
