import { NETWORK } from "../lab.ts";
import type { LabFileContent, WrittenLink } from "../schema.ts";
import { addressNumber } from "../schema-links.ts";
import { suggestion } from "./fault.ts";
import type { Path } from "./yaml.ts";

type Gateway = NonNullable<WrittenLink["gateway"]>;
type Report = (path: Path, message: string) => void;

/** An end of a link that a machine's card is. */
interface CardEnd {
  readonly name: string;
  readonly path: Path;
  readonly vlan: boolean;
}

/** What links are checked against: the cards plugged into them, and each other's gateways. */
export class LinkCheck {
  readonly #content: LabFileContent;
  readonly #links: Readonly<Record<string, WrittenLink>>;
  readonly #fault: Report;
  /** Addresses of gateways and where they were first given. */
  readonly #addresses = new Map<string, string>();

  constructor(content: LabFileContent, fault: Report) {
    this.#content = content;
    this.#links = content.links ?? {};
    this.#fault = fault;
  }

  all(): void {
    this.#hostNames();
    for (const [name, link] of Object.entries(this.#links)) {
      const path = ["links", name];
      const ends = this.#ends(name);
      if (link.kind === "wire") this.#wire(name, ends, path);
      if (link.kind !== "switch") this.#noVlans(name, link, ends);
      if (link.mirror !== undefined && !ends.some((end) => end.name === link.mirror)) {
        const names = ends.map((end) => end.name);
        const there = names.length ? `its ends are ${names.join(", ")}.` : "no machine is plugged into it.";
        this.#fault([...path, "mirror"], `\`${link.mirror}\` is no end of \`${name}\`: ${there}`);
      }
      if (link.gateway) this.#gateway(name, link.gateway, [...path, "gateway"]);
    }
  }

  /** Cards that a machine's kernel serves are plugged into that machine. */
  #ends(link: string): CardEnd[] {
    return Object.entries(this.#content.machines).flatMap(([machine, { nics = [] }]) =>
      nics.flatMap((nic, index) =>
        nic.link === link && nic.backend === undefined
          ? [
              {
                name: `${machine}/${index}`,
                path: ["machines", machine, "nics", index],
                vlan: nic.vlan !== undefined || nic.vlans !== undefined,
              },
            ]
          : [],
      ),
    );
  }

  #hostNames(): void {
    const message = `\`${NETWORK}\` is where links between hosts are: a host needs another name.`;
    if (this.#content.hosts && Object.hasOwn(this.#content.hosts, NETWORK)) this.#fault(["hosts", NETWORK], message);
    const machine = Object.hasOwn(this.#content.machines, NETWORK) ? this.#content.machines[NETWORK] : undefined;
    if (machine && machine.host === undefined) this.#fault(["machines", NETWORK], message);
  }

  #wire(name: string, ends: readonly CardEnd[], path: Path): void {
    const outer = Object.entries(this.#links).filter(([, { gateway }]) => gateway?.nat?.link === name);
    const all = [
      ...ends.map((end) => end.name),
      ...(this.#links[name]!.gateway ? ["its gateway"] : []),
      ...outer.map(([link]) => `the gateway of \`${link}\``),
    ];
    if (all.length > 2) this.#fault(path, `a wire has two ends, and there are ${all.length}: ${all.join(", ")}.`);
  }

  #noVlans(name: string, { kind }: WrittenLink, ends: readonly CardEnd[]): void {
    for (const { path, vlan } of ends) {
      if (vlan) this.#fault(path, `only a switch knows VLANs, and \`${name}\` is a ${kind}.`);
    }
  }

  #gateway(name: string, { address, dhcp, nat }: Gateway, path: Path): void {
    this.#ownAddress(address, [...path, "address"]);
    if (dhcp) this.#pool(address, dhcp, [...path, "dhcp"]);
    if (!nat) return;
    const here = [...path, "nat"];
    const names = Object.keys(this.#links);
    if (nat.link === name) this.#fault([...here, "link"], "a gateway translates to another link than its own.");
    else if (!names.includes(nat.link)) {
      this.#fault([...here, "link"], `there is no link \`${nat.link}\`.${suggestion(nat.link, names)}`);
    }
    this.#ownAddress(nat.address, [...here, "address"]);
    if (overlap(address, nat.address)) {
      this.#fault([...here, "address"], `${nat.address} and ${address} are one network: a router is between two.`);
    }
  }

  #ownAddress(written: string, path: Path): void {
    const { address, network, broadcast } = read(written);
    if (address === network || address === broadcast) {
      this.#fault(path, `${written} is the network's own or its broadcast address, and no machine's.`);
    }
    const text = written.split("/")[0]!;
    const first = this.#addresses.get(text);
    if (first !== undefined) this.#fault(path, `${text} is the address of another gateway: ${first}.`);
    else this.#addresses.set(text, path.join("."));
  }

  #pool(written: string, dhcp: NonNullable<Gateway["dhcp"]>, path: Path): void {
    const { address, network, broadcast } = read(written);
    const [from, to] = [addressNumber(dhcp.from), addressNumber(dhcp.to)];
    for (const [key, value] of [["from", from] as const, ["to", to] as const]) {
      if (value <= network || value >= broadcast) {
        this.#fault([...path, key], `${dhcp[key]} is no machine's address in the network of ${written}.`);
      }
    }
    if (from > to) this.#fault(path, "`from` is larger than `to`.");
    else if (from <= address && address <= to) this.#fault(path, `it would lease ${written}, its own address.`);
  }
}

/** @param written an address and its prefix, of the form the schema lets through */
function read(written: string) {
  const [text, bits] = written.split("/") as [string, string];
  const address = addressNumber(text);
  const size = 2 ** (32 - Number(bits));
  const network = address - (address % size);
  return { address, network, broadcast: network + size - 1 };
}

function overlap(one: string, other: string): boolean {
  const [a, b] = [read(one), read(other)];
  return a.network <= b.broadcast && b.network <= a.broadcast;
}
