import type { FilterRule, NetNamespace } from "../../../../probe/network/types.ts";
import { type Flow, isLocal, within } from "./tables.ts";

/**
 * What rules of iptables do with a packet, worked out from how `iptables -S` prints them (iptables(8)). A match that is
 * not known here makes a rule one that is not counted on either way.
 */

/** A packet on its way through a namespace. */
export interface Passage {
  readonly flow: Flow;
  /** Names of the interfaces it came in and goes out by. */
  readonly in?: string;
  readonly out?: string;
  /** An answer was seen in its connection, so conntrack calls it established. */
  readonly established: boolean;
}

type Outcome = { readonly verdict: "accept" | "drop" | "rewrite"; readonly rule: number } | undefined;

/** Chains that call each other, at most this deep (a loop of chains is refused by the kernel, not by a reading). */
const DEEPEST = 8;

/**
 * @param chain where the packet enters: `FORWARD`, `INPUT`, `POSTROUTING` …
 * @returns the index of the rule that decides in a table; undefined where all let it pass and the policy accepts
 */
export function ruleFor(namespace: NetNamespace, table: string, chain: string, passage: Passage): Outcome {
  const outcome = walk(namespace, table, chain, passage, DEEPEST);
  if (outcome === "return" || outcome === undefined) return policy(namespace, table, chain);
  return outcome;
}

function policy({ rules }: NetNamespace, table: string, chain: string): Outcome {
  const rule = rules.findIndex((one) => inChain(one, table, chain) && /^policy drop\b/i.test(one.rule));
  return rule < 0 ? undefined : { verdict: "drop", rule };
}

const inChain = (rule: FilterRule, table: string, chain: string): boolean =>
  rule.chain.toUpperCase() === chain.toUpperCase() && rule.table.split(" ").at(-1) === table;

function walk(
  namespace: NetNamespace,
  table: string,
  chain: string,
  passage: Passage,
  depth: number,
): Outcome | "return" {
  if (depth === 0) return undefined;
  for (const [at, rule] of namespace.rules.entries()) {
    if (!inChain(rule, table, chain) || /^policy\b/i.test(rule.rule)) continue;
    const target = targetOf(namespace, rule.rule, passage);
    if (target === undefined) continue;
    if (target === "RETURN") return "return";
    if (target === "ACCEPT") return { verdict: "accept", rule: at };
    if (target === "DROP" || target === "REJECT") return { verdict: "drop", rule: at };
    if (REWRITING.has(target)) return { verdict: "rewrite", rule: at };
    const called = walk(namespace, table, target, passage, depth - 1);
    if (called !== undefined && called !== "return") return called;
  }
  return undefined;
}

const REWRITING = new Set(["MASQUERADE", "SNAT", "DNAT", "REDIRECT", "NETMAP"]);

/** Options of matches with one value, and what the packet has to be. */
type Match = (value: string, passage: Passage, namespace: NetNamespace) => boolean | undefined;

const established: Match = (states, passage) =>
  states.split(",").some((state) => (passage.established ? /^(?:ESTABLISHED|RELATED)$/ : /^NEW$/).test(state));

const MATCHES: Readonly<Record<string, Match>> = {
  "-s": (prefix, { flow }) => within(prefix, flow.source),
  "-d": (prefix, { flow }) => within(prefix, flow.destination),
  "-i": (name, passage) => isDevice(name, passage.in),
  "-o": (name, passage) => isDevice(name, passage.out),
  "-p": (protocol, { flow }) => protocol === "all" || protocol === flow.protocol,
  "--sport": (ports, { flow }) => isPort(ports, flow.sourcePort),
  "--dport": (ports, { flow }) => isPort(ports, flow.destinationPort),
  "--sports": (ports, { flow }) => ports.split(",").some((one) => isPort(one, flow.sourcePort)),
  "--dports": (ports, { flow }) => ports.split(",").some((one) => isPort(one, flow.destinationPort)),
  "--ctstate": established,
  "--state": established,
  "--dst-type": (type, { flow }, namespace) => (type === "LOCAL" ? isLocal(namespace, flow.destination) : undefined),
  "--src-type": (type, { flow }, namespace) => (type === "LOCAL" ? isLocal(namespace, flow.source) : undefined),
  "--comment": () => true,
  "-m": () => true,
};

/** `eth+` is every name that begins so. */
const isDevice = (pattern: string, name: string | undefined): boolean =>
  pattern.endsWith("+") ? (name ?? "").startsWith(pattern.slice(0, -1)) : pattern === name;

function isPort(ports: string, port: number | undefined): boolean {
  const [first, last = first] = ports.split(":").map(Number);
  return port !== undefined && port >= first! && port <= last!;
}

/** @returns where a rule sends this packet; undefined when it does not match or is not understood */
function targetOf(namespace: NetNamespace, rule: string, passage: Passage): string | undefined {
  const words = rule.match(/"[^"]*"|\S+/g) ?? [];
  let inverted = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === "!") {
      inverted = true;
      continue;
    }
    if (word === "-j" || word === "-g") return words[at + 1];
    const match = Object.hasOwn(MATCHES, word) ? MATCHES[word] : undefined;
    const holds = match?.(words[at + 1] ?? "", passage, namespace);
    if (holds === undefined || holds === inverted) return undefined;
    inverted = false;
    at += 1;
  }
  return undefined;
}
