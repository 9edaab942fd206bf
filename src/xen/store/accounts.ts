/** What domains may have in the store, and what they have. Defaults and comparisons are those of Xen 4.17's C xenstored. */
import type { Caller } from "./permissions.ts";

/** The names are those of `xenstore-control quota`. */
export interface Limits {
  nodes: number;
  watches: number;
  transactions: number;
  /** Requests whose answers, or whose events to the toolstack's domain, were not fetched yet. */
  outstanding: number;
  /** Nodes looked at in one transaction. */
  "transaction-nodes": number;
  /** Bytes of nodes, watches, transactions and unfetched answers. */
  memory: number;
  /** Bytes of one node's record (tree.ts, recordBytes). */
  "node-size": number;
  /** Bytes of a path; this one holds for everybody. */
  "path-max": number;
  /** Names in a path, for everybody too. Ours alone: what one request costs is to stay small. */
  "path-depth": number;
  /** Entries on one node. */
  permissions: number;
}

export const LIMITS: Readonly<Limits> = {
  nodes: 1000,
  watches: 128,
  transactions: 10,
  outstanding: 20,
  "transaction-nodes": 1024,
  memory: 2.5 * 1024 * 1024,
  "node-size": 2048,
  "path-max": 2048,
  "path-depth": 64,
  permissions: 5,
};

/**
 * For a privileged guest, which a real xenstored trusts with everything: it may make as much trouble as it likes in its
 * lab, but it may not fill the memory of the page it runs in.
 */
export const PRIVILEGED_LIMITS: Readonly<Limits> = {
  ...LIMITS,
  nodes: 16_000,
  watches: 4096,
  transactions: 128,
  outstanding: 4096,
  "transaction-nodes": 16_384,
  memory: 64 * 1024 * 1024,
  "node-size": 64 * 1024,
  permissions: 64,
};

/** The toolstack's own. */
const UNLIMITED = Object.fromEntries(Object.keys(LIMITS).map((name) => [name, Number.POSITIVE_INFINITY]));

export const LIMIT_TEXTS: Readonly<Record<keyof Limits, string>> = {
  nodes: "Nodes per domain",
  watches: "Watches per domain",
  transactions: "Transactions per domain",
  outstanding: "Outstanding requests per domain",
  "transaction-nodes": "Nodes accessed in one transaction",
  memory: "Bytes of store memory per domain",
  "node-size": "Bytes of one node",
  "path-max": "Bytes of a path",
  "path-depth": "Names in a path",
  permissions: "Permissions of one node",
};

/** One domain's. */
export interface Account {
  /** Nodes it owns. */
  nodes: number;
  /** Bytes of the nodes it owns. */
  nodeBytes: number;
  /** Bytes of what its connection holds: watches, transactions, unfetched messages. */
  heldBytes: number;
}

export class Accounts {
  /** Of unprivileged domains. */
  readonly limits: Limits = { ...LIMITS };
  readonly #host: Limits;
  readonly #domains = new Map<number, Account>();
  readonly #all: Account = { nodes: 0, nodeBytes: 0, heldBytes: 0 };

  constructor() {
    this.#host = { ...LIMITS, ...UNLIMITED, "path-max": LIMITS["path-max"], "path-depth": LIMITS["path-depth"] };
  }

  limitsOf({ privileged, host }: Caller): Limits {
    return host ? this.#host : privileged ? PRIVILEGED_LIMITS : this.limits;
  }

  /** What is counted against the caller's limits: its own, or everybody's when it may write everywhere. */
  charged({ privileged, id }: Caller): Account {
    return privileged ? this.#all : this.of(id);
  }

  [Symbol.iterator](): Iterator<[domain: number, account: Account]> {
    return this.#domains.entries();
  }

  of(domain: number): Account {
    const known = this.#domains.get(domain);
    if (known) return known;
    const account = { nodes: 0, nodeBytes: 0, heldBytes: 0 };
    this.#domains.set(domain, account);
    return account;
  }

  /** Nodes and bytes that a change of the tree gave to a domain, or took from it. */
  tally(domain: number, nodes: number, bytes: number): void {
    for (const account of [this.of(domain), this.#all]) {
      account.nodes += nodes;
      account.nodeBytes += bytes;
    }
  }

  /** Bytes that a domain's connection holds more, or fewer. */
  hold(domain: number, bytes: number): void {
    for (const account of [this.of(domain), this.#all]) account.heldBytes += bytes;
  }

  /** May the caller have so many more bytes? */
  affords(caller: Caller, bytes: number): boolean {
    return memoryOf(this.charged(caller)) + bytes < this.limitsOf(caller).memory;
  }

  /** A domain that owns nothing any more. */
  forget(domain: number): void {
    this.#domains.delete(domain);
  }
}

export const memoryOf = ({ nodeBytes, heldBytes }: Account) => nodeBytes + heldBytes;
