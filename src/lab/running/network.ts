import type { FabricApi } from "../../network/api.ts";
import type { LinkSpec } from "../../network/link-spec.ts";
import { suggestion } from "../format/fault.ts";
import type { Lab, LabLink } from "../lab.ts";
import { type PlacedFabric, readEverywhere } from "../network-probes.ts";
import { ProbeError } from "../probes.ts";

type Arguments = Readonly<Record<string, unknown>>;

/** The links of a running lab, wherever they are: asks whoever has them. */
export class LabNetwork implements FabricApi {
  readonly #lab: Lab;
  readonly #fabricAt: (place: string) => FabricApi | Promise<FabricApi>;

  /** @param fabricAt the links of a place */
  constructor(lab: Lab, fabricAt: (place: string) => FabricApi | Promise<FabricApi>) {
    this.#lab = lab;
    this.#fabricAt = fabricAt;
  }

  async probe(name: string, args: Arguments): Promise<unknown> {
    if (args.link === undefined) return readEverywhere(name, args, await this.#everywhere());
    const { place } = this.#link(args.link);
    const fabric = await this.#fabricAt(place);
    return fabric.probe(name, args);
  }

  async control(name: string, args: Arguments): Promise<unknown> {
    if (name === "network.cable") return (await this.#fabricOfCard(args)).control(name, args);
    if (name === "network.reset" && args.link === undefined) {
      await Promise.all((await this.#everywhere()).map(({ fabric }) => fabric.control(name, args)));
      return undefined;
    }
    const fabric = await this.#fabricAt(this.#link(args.link).place);
    return fabric.control(name, args);
  }

  /** Puts every link back to what the lab says: what is not there to be put back is made anew when it comes. */
  async putBack(): Promise<void> {
    const { machines, links } = this.#lab;
    const cables = machines.flatMap(({ spec }) =>
      spec.nics.map((_, nic) => ["network.cable", { machine: spec.name, nic, plugged: true }] as const),
    );
    const settings = links.flatMap(({ name: link, spec }) => [
      ["network.hold", { link, on: false }] as const,
      ["network.cut", { link, on: spec.cut ?? false }] as const,
      ["network.shape", { link, ...shapeOf(spec) }] as const,
      ["network.mirror", { link, to: spec.mirror ?? null }] as const,
      ["network.forget", { link }] as const,
      ["network.reset", { link }] as const,
    ]);
    await Promise.allSettled([...cables, ...settings].map(([name, args]) => this.control(name, args)));
  }

  async #everywhere(): Promise<PlacedFabric[]> {
    const places = [...new Set(this.#lab.links.map(({ place }) => place))];
    return Promise.all(places.map(async (place) => ({ place, fabric: await this.#fabricAt(place) })));
  }

  #link(name: unknown): LabLink {
    const link = this.#lab.links.find((one) => one.name === name);
    if (link) return link;
    const names = this.#lab.links.map((one) => one.name);
    throw new ProbeError(
      `There is no link \`${name}\`.${suggestion(String(name), names)} There are: ${names.join(", ")}.`,
    );
  }

  /** Whose link a card is plugged into. */
  #fabricOfCard({ machine, nic }: Arguments): FabricApi | Promise<FabricApi> {
    const nics = this.#lab.machines.find(({ spec }) => spec.name === machine)?.spec.nics;
    if (!nics) throw new ProbeError(`The lab has no machine \`${machine}\`.`);
    const card = nics[Number(nic)];
    if (!card) throw new ProbeError(`\`${machine}\` has no card ${nic}: it has ${nics.length}, counted from 0.`);
    if (card.link === undefined || card.backend !== undefined) {
      throw new ProbeError(`Card ${nic} of \`${machine}\` is plugged into no link of the lab.`);
    }
    return this.#fabricAt(this.#link(card.link).place);
  }
}

const shapeOf = ({ latency, jitter, loss, rate, queue, mtu }: LinkSpec) =>
  Object.fromEntries(
    Object.entries({ latency, jitter, loss, rate, queue, mtu }).map(([name, value]) => [name, value ?? null]),
  );
