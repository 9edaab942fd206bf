/**
 * A transaction works on a copy of the tree as it was at its start, and remembers every node it looked at, also those
 * that were not there. It can be committed when all of these are still as they were: conflicts are found by the
 * generation of each node, as the C xenstored does it. (oxenstored repeats the transaction's requests and compares the
 * answers: fewer false conflicts, but the requests must be kept, and the work of a commit grows with them.)
 *
 * Watches hear of the changes when they are committed, once for each node.
 */
import type { XsError } from "../abi/xs-wire.ts";
import { Refused, type Scope } from "./access.ts";
import type { Accounts } from "./accounts.ts";
import type { Caller, Permission } from "./permissions.ts";
import { type Node, recordBytes, type Tree } from "./tree.ts";

/** What is remembered of a node. */
export interface Seen {
  /** At the first look; undefined when there was no node. */
  readonly generation: number | undefined;
  readonly permissions: readonly Permission[] | undefined;
  /** Changed here: tell watches on this very node, or those above it too. */
  tell?: "exact" | "all";
}

/** One event of a commit. */
export interface Change {
  readonly path: string;
  readonly exact: boolean;
  /** As the node was when the transaction first saw it. */
  readonly before: readonly Permission[] | undefined;
}

export class Transaction implements Scope {
  readonly id: number;
  readonly tree: Tree;
  /** By path, in the order of the first look. */
  readonly seenNodes: Map<string, Seen>;
  /** A request was refused for a limit: what should have happened has not. */
  failed: boolean;
  readonly #owner: Caller;
  readonly #next: () => number;
  readonly #accounts: Accounts;
  #bytes = 0;

  /** @param saved what a saved one had seen, with `tree` as it had left it */
  constructor(
    id: number,
    tree: Tree,
    owner: Caller,
    next: () => number,
    accounts: Accounts,
    saved: Pick<Transaction, "seenNodes" | "failed" | "bytes"> = { seenNodes: new Map(), failed: false, bytes: 0 },
  ) {
    this.id = id;
    this.tree = tree;
    this.#owner = owner;
    this.#next = next;
    this.#accounts = accounts;
    this.seenNodes = saved.seenNodes;
    this.failed = saved.failed;
    this.#hold(saved.bytes);
  }

  /** What its owner's account is charged for it. */
  get bytes(): number {
    return this.#bytes;
  }

  next(): number {
    return this.#next();
  }

  seen(caller: Caller, path: string, node: Node | undefined): void {
    if (this.seenNodes.has(path)) return;
    if (this.seenNodes.size >= this.#accounts.limitsOf(caller)["transaction-nodes"]) {
      this.fail();
      throw new Refused("ENOSPC");
    }
    this.seenNodes.set(path, { generation: node?.generation, permissions: node?.permissions });
  }

  changed(path: string, node: Node): void {
    this.#tell(path, "all");
    this.#hold(recordBytes(node));
  }

  removing(path: string, _node: Node, exact: boolean): void {
    this.#tell(path, exact ? "exact" : "all");
  }

  fail(): void {
    this.failed = true;
  }

  /** To be called when it is over, however it ended: gives back what it was charged for. */
  end(): void {
    this.#hold(-this.#bytes);
  }

  /**
   * Writes what was changed here into `tree`.
   *
   * @returns whom to tell, or why nothing was written
   */
  commit(tree: Tree): readonly Change[] | XsError {
    if (this.failed) return "ENOMEM";
    const modified = [...this.seenNodes]
      .map(([path, seen]) => ({ path, seen, node: this.tree.find(path) }))
      .filter(({ seen, node }) => node?.generation !== seen.generation);
    if (!this.#owner.privileged && this.#tooMany(modified)) return "ENOSPC";
    for (const [path, { generation }] of this.seenNodes) {
      if (tree.find(path)?.generation !== generation) return "EAGAIN";
    }
    const generation = this.#next();
    for (const { path, node } of modified) if (!node) tree.remove(path);
    modified.sort((a, b) => a.path.length - b.path.length);
    for (const { path, node } of modified) if (node) tree.set(path, node.value, node.permissions, generation);
    return [...this.seenNodes]
      .filter(([, { tell }]) => tell)
      .map(([path, { tell, permissions }]) => ({ path, exact: tell === "exact", before: permissions }));
  }

  /** Would somebody own too many nodes? Asked only when nodes were made. */
  #tooMany(modified: readonly { readonly seen: Seen; readonly node: Node | undefined }[]): boolean {
    if (!modified.some(({ seen, node }) => node && seen.generation === undefined)) return false;
    const more = new Map<number, number>();
    const count = (domain: number | undefined, by: number) => {
      if (domain) more.set(domain, (more.get(domain) ?? 0) + by);
    };
    for (const { seen, node } of modified) {
      count(seen.permissions?.[0]?.domain, -1);
      count(node?.permissions[0]?.domain, 1);
    }
    return [...more].some(([domain, by]) => this.#accounts.of(domain).nodes + by >= this.#accounts.limits.nodes);
  }

  #tell(path: string, whom: "exact" | "all"): void {
    const seen = this.seenNodes.get(path);
    if (seen && seen.tell !== "all") seen.tell = whom;
  }

  #hold(bytes: number): void {
    this.#bytes += bytes;
    this.#accounts.hold(this.#owner.id, bytes);
  }
}
