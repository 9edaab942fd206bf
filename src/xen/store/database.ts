/** The store itself: the tree everybody sees, who watches it, and what happened. Changes here take effect at once. */
import type { XsError } from "../abi/xs-wire.ts";
import type { Scope } from "./access.ts";
import { Accounts } from "./accounts.ts";
import { HandshakeHistory } from "./handshake.ts";
import { parentOf } from "./paths.ts";
import { type Caller, type Permission, READ, rights } from "./permissions.ts";
import type { Transaction } from "./transaction.ts";
import { type Node, Tree } from "./tree.ts";
import { type Cause, Watches } from "./watches.ts";

/** Events that have permissions of their own, for who may be told (SET_PERMS). */
export const SPECIAL = ["@introduceDomain", "@releaseDomain"] as const;

const NOBODY: readonly Permission[] = [{ letter: "n", domain: 0 }];

export class Database implements Scope {
  readonly accounts = new Accounts();
  readonly watches = new Watches();
  readonly handshake = new HandshakeHistory();
  readonly special = new Map<string, readonly Permission[]>(SPECIAL.map((name) => [name, NOBODY]));
  /** Domains that permissions may name: those connected, and those the toolstack has named. */
  readonly known = new Set<number>([0]);
  readonly transactions = { committed: 0, refused: 0 };
  readonly tree: Tree;
  /** The unprivileged request that is being served. */
  cause: Cause | undefined;
  generation = 0;
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
    this.tree = new Tree(NOBODY, (domain, nodes, bytes) => this.accounts.tally(domain, nodes, bytes));
  }

  next(): number {
    this.generation += 1;
    return this.generation;
  }

  seen(): void {
    // What is done at once meets no conflict.
  }

  fail(): void {
    // A refused operation leaves nothing behind.
  }

  changed(path: string, node: Node, before?: readonly Permission[]): void {
    this.#fire(path, false, [before, node.permissions, this.#parent(path)?.permissions]);
    this.handshake.note(path, node.value, this.#now());
  }

  removing(path: string, node: Node, exact: boolean): void {
    this.#fire(path, exact, [node.permissions, this.#parent(path)?.permissions]);
    this.handshake.note(path, undefined, this.#now());
  }

  /** @returns undefined when it was committed, else the error */
  commit(transaction: Transaction): XsError | undefined {
    const changes = transaction.commit(this.tree);
    if (typeof changes === "string") {
      this.transactions.refused += 1;
      return changes;
    }
    this.transactions.committed += 1;
    for (const { path, exact, before } of changes) {
      const node = this.tree.find(path);
      this.#fire(path, exact, [before, node?.permissions, node && this.#parent(path)?.permissions]);
      this.handshake.note(path, node?.value, this.#now());
    }
    return undefined;
  }

  /** `@introduceDomain` or `@releaseDomain`. */
  announce(name: (typeof SPECIAL)[number]): void {
    this.#fire(name, true, [this.special.get(name)]);
  }

  /**
   * A domain is gone: what it owned goes with all below it, and nobody who may get its id later has its permissions.
   */
  forget(domain: number): void {
    const gone: string[] = [];
    const named: (readonly [string, Node])[] = [];
    for (const [path, node] of this.tree.walk()) {
      const [owner, ...others] = node.permissions;
      if (owner!.domain === domain && path !== "/") gone.push(path);
      else if (others.some((entry) => entry.domain === domain && !entry.void)) named.push([path, node]);
    }
    for (const path of gone) this.#removeWhole(path);
    const strike = (entry: Permission) => (entry.domain === domain ? { ...entry, void: true as const } : entry);
    for (const [path, { value, permissions, generation }] of named) {
      if (!this.tree.find(path)) continue;
      this.tree.set(path, value, [permissions[0]!, ...permissions.slice(1).map(strike)], generation);
    }
    for (const [name, [owner, ...others]] of this.special) {
      const kept = owner!.domain === domain ? NOBODY : [owner!];
      this.special.set(name, [...kept, ...others.filter((entry) => entry.domain !== domain)]);
    }
    const { value, permissions, generation } = this.tree.root;
    if (permissions[0]!.domain === domain) this.tree.set("/", value, [NOBODY[0]!, ...permissions.slice(1)], generation);
    this.known.delete(domain);
    this.accounts.forget(domain);
  }

  #removeWhole(path: string): void {
    const all = [...this.tree.walk(path)].reverse();
    if (all.length === 0) return;
    for (const [at, node] of all) this.removing(at, node, at !== path);
    this.tree.remove(path);
    this.tree.touch(parentOf(path), this.next());
  }

  /** Tells everybody who watches and may read the node, its parent, or could read the node before. */
  #fire(path: string, exact: boolean, permissions: readonly (readonly Permission[] | undefined)[]): void {
    const allowed = new Map<Caller, boolean>();
    for (const watch of this.watches.on(path, exact)) {
      const { caller } = watch.watcher;
      let may = allowed.get(caller);
      if (may === undefined) {
        may = permissions.some((entries) => entries && rights(caller, entries) & READ);
        allowed.set(caller, may);
      }
      if (may) watch.watcher.notify(watch, path, this.cause);
    }
  }

  #parent(path: string): Node | undefined {
    return path === "/" ? undefined : this.tree.find(parentOf(path));
  }
}
