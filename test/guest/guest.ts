import { afterAll } from "vitest";
import { createNodeHost } from "../../src/cli/node-host.ts";
import {
  type Host,
  type MachineEvent,
  type MachineSpec,
  machineSpec,
  type RunResult,
  type StartOptions,
  type StartReport,
} from "../../src/machine/index.ts";

/** A real guest for a test: what it prints is kept, every event is kept, and it is switched off at the end. */
export class TestGuest {
  readonly host: Host;
  readonly spec: MachineSpec;
  readonly events: MachineEvent[] = [];
  bytes = 0;
  /** Switched off by tests of what happens to a reader who does not read. */
  acknowledging = true;
  readonly #waiting = new Set<() => void>();
  #printed = "";

  constructor(host: Host, spec: MachineSpec) {
    this.host = host;
    this.spec = spec;
  }

  start(options: StartOptions = { start: "boot" }): Promise<StartReport> {
    return this.host.start(this.spec, options, (event) => this.#on(event));
  }

  /** What the console printed since {@link forget}, without colours and cursor movements. */
  get text(): string {
    return this.#printed.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, "");
  }

  forget(): void {
    this.#printed = "";
  }

  #on(event: MachineEvent): void {
    this.events.push(event);
    if (event.type === "console") {
      this.bytes += event.bytes.length;
      this.#printed = (this.#printed + new TextDecoder().decode(event.bytes)).slice(-(1 << 20));
      if (this.acknowledging) void this.host.acknowledge(this.spec.name, event.bytes.length);
    }
    for (const look of this.#waiting) look();
  }

  /** Runs a script by the agent. @returns its result with the output as text */
  async run(
    script: string,
    limit?: number,
  ): Promise<{ exit: number; how: RunResult["how"]; out: string; err: string }> {
    const result = await this.host.run(this.spec.name, script, limit === undefined ? {} : { limit });
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { exit: result.exit, how: result.how, out: text(result.stdout), err: text(result.stderr) };
  }

  /** Types on the console. */
  type(text: string): Promise<void> {
    return this.host.type(this.spec.name, new TextEncoder().encode(text));
  }

  /** Resolves when the condition holds, looked at whenever the machine says something. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Types a line and waits for what the console answers. */
  async ask(line: string, answer: RegExp): Promise<void> {
    this.forget();
    await this.type(`${line}\n`);
    await this.until(() => answer.test(this.text));
  }

  notices(): string[] {
    return this.events.flatMap((event) => (event.type === "notice" ? [event.code] : []));
  }
}

/** Makes guests on one host for the tests of a file; all are switched off when they are done. */
export function guests(
  options: Parameters<typeof createNodeHost>[0] = {},
): (given?: Partial<MachineSpec>) => Promise<TestGuest> {
  const host = createNodeHost(options);
  afterAll(async () => (await host).close());
  return async (given = {}) => new TestGuest(await host, machineSpec({ name: "alpha", image: "linux", ...given }));
}
