/** The operations on nodes, with everybody's rights and limits: the same on the store itself and in a transaction. */
import type { XsError } from "../abi/xs-wire.ts";
import type { Accounts, Limits } from "./accounts.ts";
import { isNode, nameOf, parentOf } from "./paths.ts";
import { type Caller, OWN, type Permission, READ, rights, WRITE } from "./permissions.ts";
import { type Node, recordBytes, type Tree } from "./tree.ts";

/** A request that is answered with an error. */
export class Refused extends Error {
  override name = "Refused";
  readonly code: XsError;

  constructor(code: XsError) {
    super(code);
    this.code = code;
  }
}

/** What operations work on: the store, or a transaction's copy of it. */
export interface Scope {
  readonly tree: Tree;
  /** The number of the next change. */
  next(): number;
  /** A node, or that there is none, was looked at. @throws Refused ENOSPC when that was too much */
  seen(caller: Caller, path: string, node: Node | undefined): void;
  /** A node was made or changed. @param before its permissions until now, when they change */
  changed(path: string, node: Node, before?: readonly Permission[]): void;
  /** A node is about to be removed. @param exact with one above it: of interest to watches on this very node only */
  removing(path: string, node: Node, exact: boolean): void;
  /** An operation was refused for a limit. A transaction cannot be committed after that. */
  fail(): void;
}

export class Access {
  readonly #caller: Caller;
  readonly #scope: Scope;
  readonly #accounts: Accounts;

  constructor(caller: Caller, scope: Scope, accounts: Accounts) {
    this.#caller = caller;
    this.#scope = scope;
    this.#accounts = accounts;
  }

  /** @throws Refused, here and below */
  node(path: string): Node {
    return found(this.#look(path, READ));
  }

  write(path: string, value: string): void {
    const node = this.#look(path, WRITE);
    if (node === "ENOENT") this.#create(path, value);
    else {
      const { permissions, names } = found(node);
      this.#fit({ value, permissions, names });
      this.#put(path, value, permissions);
    }
  }

  mkdir(path: string): void {
    const node = this.#look(path, WRITE);
    if (node === "ENOENT") this.#create(path, "");
    else found(node);
  }

  /** A node that does not exist is as good as removed, if its parent exists. Who may write a node may remove it whole. */
  remove(path: string): void {
    const node = this.#look(path, WRITE);
    if (node === "ENOENT" && this.#see(parentOf(path))) return;
    found(node);
    if (path === "/") throw new Refused("EINVAL");
    const { tree } = this.#scope;
    this.#see(parentOf(path));
    const all = [...tree.walk(path)];
    for (const [at, each] of all) this.#scope.seen(this.#caller, at, each);
    for (const [at, each] of all.reverse()) this.#scope.removing(at, each, at !== path);
    tree.remove(path);
    tree.touch(parentOf(path), this.#scope.next());
  }

  setPermissions(path: string, permissions: readonly Permission[]): void {
    const node = found(this.#look(path, WRITE | OWN));
    const { value, names, permissions: before } = node;
    if (!this.#caller.privileged && permissions[0]!.domain !== before[0]!.domain) throw new Refused("EPERM");
    this.#fit({ value, permissions, names });
    this.#put(path, value, permissions, before);
  }

  /**
   * A node with all the rights in `wanted`; else what may be said about it. Whoever has no right to the nearest node
   * above learns nothing of what is or is not below.
   */
  #look(path: string, wanted: number): Node | XsError {
    const limits = this.#limits;
    if (!isNode(path, limits["path-max"], limits["path-depth"])) return "EINVAL";
    const node = this.#see(path);
    if (node) return (rights(this.#caller, node.permissions) & wanted) === wanted ? node : "EACCES";
    return rights(this.#caller, this.#nearest(path).permissions) & wanted ? "ENOENT" : "EACCES";
  }

  #see(path: string): Node | undefined {
    const node = this.#scope.tree.find(path);
    this.#scope.seen(this.#caller, path, node);
    return node;
  }

  /** The lowest existing node above one that does not exist. */
  #nearest(path: string): Node {
    for (let above = parentOf(path); ; above = parentOf(above)) {
      const node = this.#see(above);
      if (node) return node;
    }
  }

  /** Makes a node and those missing above it. They are like the node they are made in, but belong to whoever made them. */
  #create(path: string, value: string): void {
    const missing = [path];
    let above = parentOf(path);
    for (let node = this.#see(above); !node; node = this.#see(above)) {
      missing.push(above);
      above = parentOf(above);
    }
    missing.reverse();
    const { tree } = this.#scope;
    const parent = tree.find(above)!;
    const permissions = this.#inherited(parent.permissions);
    this.#limit(this.#accounts.charged(this.#caller).nodes + missing.length > this.#limits.nodes);
    this.#fit(
      { ...parent, names: parent.names + nameOf(missing[0]!).length + 1 },
      ...missing.map((_, i) => {
        const below = missing[i + 1];
        return { value: below ? "" : value, permissions, names: below ? nameOf(below).length + 1 : 0 };
      }),
    );
    const generation = this.#scope.next();
    tree.touch(above, generation);
    for (const at of missing) tree.set(at, at === path ? value : "", permissions, generation);
    this.#scope.changed(path, tree.find(path)!);
  }

  #inherited(permissions: readonly Permission[]): readonly Permission[] {
    const { privileged, id } = this.#caller;
    const [owner, ...others] = permissions;
    return privileged || owner!.domain === id ? permissions : [{ letter: owner!.letter, domain: id }, ...others];
  }

  #put(path: string, value: string, permissions: readonly Permission[], before?: readonly Permission[]): void {
    const { tree } = this.#scope;
    tree.set(path, value, permissions, this.#scope.next());
    this.#scope.changed(path, tree.find(path)!, before);
  }

  /** Each of the records that are to be written must fit, and all of them into the caller's memory. */
  #fit(...records: readonly Pick<Node, "value" | "permissions" | "names">[]): void {
    const sizes = records.map(recordBytes);
    this.#limit(sizes.some((size) => size >= this.#limits["node-size"]));
    const sum = sizes.reduce((all, size) => all + size, 0);
    this.#limit(!this.#accounts.affords(this.#caller, sum), "ENOMEM");
  }

  #limit(exceeded: boolean, code: XsError = "ENOSPC"): void {
    if (!exceeded) return;
    this.#scope.fail();
    throw new Refused(code);
  }

  get #limits(): Limits {
    return this.#accounts.limitsOf(this.#caller);
  }
}

function found(node: Node | XsError): Node {
  if (typeof node === "string") throw new Refused(node);
  return node;
}
