/** XS_CONTROL, for privileged domains: what `xenstore-control` offers here. */
import { Refused } from "./access.ts";
import { type Account, LIMIT_TEXTS, type Limits, memoryOf } from "./accounts.ts";
import type { Daemon } from "./requests.ts";
import { recordBytes } from "./tree.ts";

const COMMANDS: Readonly<
  Record<string, { readonly arguments: string; readonly run: (daemon: Daemon, words: string[]) => string }>
> = {
  check: { arguments: "", run: check },
  quota: { arguments: "[set <name> <val>|<domid>]", run: quota },
  help: { arguments: "", run: help },
};

/** @returns the answer's payload @throws Refused EINVAL for what is no command */
export function control(daemon: Daemon, [command, ...words]: readonly string[]): string {
  if (command === undefined || !Object.hasOwn(COMMANDS, command)) throw new Refused("EINVAL");
  return COMMANDS[command]!.run(daemon, words);
}

function help(_daemon: Daemon, words: string[]): string {
  if (words.length > 0) throw new Refused("EINVAL");
  return `${Object.entries(COMMANDS)
    .map(([name, { arguments: its }]) => `${name}\t${its}\n`)
    .join("")}\0`;
}

/** Counts again what domains own. EIO: the accounts were wrong. */
function check({ database: { tree, accounts } }: Daemon): string {
  const counted = new Map<number, Pick<Account, "nodes" | "nodeBytes">>();
  for (const [, node] of tree.walk()) {
    const owner = node.permissions[0]!.domain;
    const { nodes, nodeBytes } = counted.get(owner) ?? { nodes: 0, nodeBytes: 0 };
    counted.set(owner, { nodes: nodes + 1, nodeBytes: nodeBytes + recordBytes(node) });
  }
  for (const [domain, { nodes, nodeBytes }] of accounts) {
    const now = counted.get(domain);
    if (nodes !== (now?.nodes ?? 0) || nodeBytes !== (now?.nodeBytes ?? 0)) throw new Refused("EIO");
  }
  return "OK\0";
}

function quota({ database: { accounts }, connected }: Daemon, words: string[]): string {
  const [first, name = "", value = ""] = words;
  const limits = Object.keys(LIMIT_TEXTS) as (keyof Limits)[];
  if (first === undefined) {
    const lines = limits.map((limit) => line(limit, 17, accounts.limits[limit], ` ${LIMIT_TEXTS[limit]}`));
    return `Quota settings:\n${lines.join("")}\0`;
  }
  if (first === "set") {
    const limit = limits.find((known) => known === name);
    const most = Number.parseInt(value, 10);
    if (words.length !== 3 || !limit || !(most >= 1)) throw new Refused("EINVAL");
    accounts.limits[limit] = most;
    return "OK\0";
  }
  const domain = Number.parseInt(first, 10);
  const connection = connected(domain);
  if (words.length !== 1) throw new Refused("EINVAL");
  if (!connection) throw new Refused("ENOENT");
  const rows: readonly (readonly [string, number])[] = [
    ["nodes", accounts.of(domain).nodes],
    ["watches", connection.watches.size],
    ["transactions", connection.transactions.size],
    ["outstanding", connection.outstanding],
    ["memory", memoryOf(accounts.of(domain))],
  ];
  return `Domain ${domain}:\n${rows.map(([what, count]) => line(what, 16, count)).join("")}\0`;
}

const line = (name: string, width: number, count: number, behind = "") =>
  `${name.padEnd(width)}: ${String(count).padStart(8)}${behind}\n`;
