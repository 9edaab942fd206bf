/** A thread of a benchmark: a host of ours, a plain v86, or the network between hosts. */
import { parentPort } from "node:worker_threads";
import { expose } from "comlink";
import nodeEndpoint from "comlink/dist/umd/node-adapter.js";
import type { Host, MachineSpec } from "../../../machine/index.ts";
import type { MessageEnd } from "../../../network/api.ts";
import type { LinkSpec } from "../../../network/link-spec.ts";
import type { Network } from "../../../network/network.ts";
import { createNodeHost } from "../../node-host.ts";
import { createNodeNetwork } from "../../node-network.ts";
import { PlainV86 } from "../plain.ts";

export class Thread {
  #host: Promise<Host> | undefined;
  #plain: PlainV86 | undefined;
  #network: Network | undefined;

  async network(links: Readonly<Record<string, LinkSpec>>): Promise<void> {
    this.#network = createNodeNetwork();
    await this.#network.declare(links);
  }

  async joinNetwork(host: string, end: MessageEnd): Promise<void> {
    await this.#network!.join(host, end);
  }

  async join(end: MessageEnd): Promise<void> {
    await (await this.#ours()).join(end);
  }

  async start(spec: MachineSpec): Promise<void> {
    const host = await this.#ours();
    await host.start(spec, { start: "boot" }, (event) => {
      if (event.type === "console") void host.acknowledge(spec.name, event.bytes.length);
    });
  }

  async startPlain(): Promise<void> {
    this.#plain = await PlainV86.create(64, { card: true });
    await this.#plain.boot();
    await this.#plain.mount();
  }

  /** @returns what the script printed. @throws Error with what it complained about when it failed */
  async run(machine: string, script: string): Promise<string> {
    if (this.#plain) return this.#plain.run(script);
    const { exit, stdout, stderr } = await (await this.#ours()).run(machine, script, { limit: 0 });
    const text = new TextDecoder();
    if (exit === 0) return text.decode(stdout);
    throw new Error(`In \`${machine}\`, \`${script}\` ended with ${exit}: ${text.decode(stderr).trim()}`);
  }

  async compiling(machine: string): Promise<boolean> {
    return this.#plain !== undefined || (await (await this.#ours()).meters(machine)).jit;
  }

  #ours(): Promise<Host> {
    this.#host ??= createNodeHost();
    return this.#host;
  }
}

expose(new Thread(), nodeEndpoint(parentPort!));
