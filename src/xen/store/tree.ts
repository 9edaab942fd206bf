/**
 * The tree of nodes. A copy costs nothing when it is made: both then share every node, and whoever changes one first
 * makes its own of it and of the nodes above. That is what a transaction sees while others go on writing.
 */
import { childOf, namesOf } from "./paths.ts";
import type { Permission } from "./permissions.ts";

export interface Node {
  /** A byte string. */
  readonly value: string;
  /** Owner first; never empty. */
  readonly permissions: readonly Permission[];
  /** The store's count when the node last changed: its value, its permissions, or which children it has. */
  readonly generation: number;
  readonly children: ReadonlyMap<string, Node>;
  /** Bytes of the children's names, each with a NUL. */
  readonly names: number;
}

/** Told what every change adds to what a domain owns: nodes, and bytes of their records. */
export type Tally = (domain: number, nodes: number, bytes: number) => void;

/** What a node takes: in the C xenstored a record with a header, 8 bytes for each permission, value and names. */
export const recordBytes = ({ value, permissions, names }: Pick<Node, "value" | "permissions" | "names">) =>
  24 + 8 * permissions.length + value.length + names;

class Branch implements Node {
  value = "";
  permissions: readonly Permission[];
  generation = 0;
  children: Map<string, Branch>;
  names = 0;
  /** The tree that may change it in place; any other makes a copy. */
  edit: object;

  constructor(edit: object, permissions: readonly Permission[], children = new Map<string, Branch>()) {
    this.edit = edit;
    this.permissions = permissions;
    this.children = children;
  }

  copyFor(edit: object): Branch {
    const copy = new Branch(edit, this.permissions, new Map(this.children));
    copy.value = this.value;
    copy.generation = this.generation;
    copy.names = this.names;
    return copy;
  }
}

export class Tree {
  #root: Branch;
  #edit = {};
  readonly #tally: Tally | undefined;

  /** @param tally told of changes; a copy tells nobody */
  constructor(permissions: readonly Permission[], tally?: Tally) {
    this.#root = new Branch(this.#edit, permissions);
    this.#tally = tally;
    this.#count(this.#root, 1);
  }

  get root(): Node {
    return this.#root;
  }

  copy(): Tree {
    const copy = new Tree(this.#root.permissions);
    copy.#root = this.#root;
    this.#edit = {};
    return copy;
  }

  find(path: string): Node | undefined {
    let node: Branch | undefined = this.#root;
    for (const name of namesOf(path)) {
      node = node.children.get(name);
      if (!node) return undefined;
    }
    return node;
  }

  /** Makes or changes a node. @throws RangeError when its parent does not exist */
  set(path: string, value: string, permissions: readonly Permission[], generation: number): void {
    const names = namesOf(path);
    const last = names.pop();
    if (last === undefined) {
      this.#change(this.#own([]), value, permissions, generation);
      return;
    }
    const parent = this.#own(names);
    let node = parent.children.get(last);
    if (node) {
      node = this.#ownChild(parent, last, node);
      this.#change(node, value, permissions, generation);
      return;
    }
    node = new Branch(this.#edit, permissions);
    node.value = value;
    node.generation = generation;
    parent.children.set(last, node);
    this.#rename(parent, last.length + 1);
    this.#count(node, 1);
  }

  /** Marks a node as changed: one that got or lost a child. */
  touch(path: string, generation: number): void {
    this.#own(namesOf(path)).generation = generation;
  }

  /** Takes a node other than the root away with all below it; nothing happens when there is none. */
  remove(path: string): void {
    if (!this.find(path)) return;
    for (const [, node] of this.walk(path)) this.#count(node, -1);
    const names = namesOf(path);
    const last = names.pop()!;
    const parent = this.#own(names);
    parent.children.delete(last);
    this.#rename(parent, -last.length - 1);
  }

  /** A node and all below it, each before its children; none when it does not exist. Not to be changed meanwhile. */
  *walk(path = "/"): Generator<readonly [path: string, node: Node]> {
    const start = this.find(path);
    const open: (readonly [string, Node])[] = start ? [[path, start]] : [];
    for (let next = open.pop(); next; next = open.pop()) {
      yield next;
      const [above, { children }] = next;
      for (const [name, node] of [...children].reverse()) open.push([childOf(above, name), node]);
    }
  }

  #change(node: Branch, value: string, permissions: readonly Permission[], generation: number): void {
    this.#count(node, -1);
    node.value = value;
    node.permissions = permissions;
    node.generation = generation;
    this.#count(node, 1);
  }

  #rename(parent: Branch, bytes: number): void {
    parent.names += bytes;
    this.#tally?.(parent.permissions[0]!.domain, 0, bytes);
  }

  #count(node: Node, sign: 1 | -1): void {
    this.#tally?.(node.permissions[0]!.domain, sign, sign * recordBytes(node));
  }

  /** The node at these names, and those above it, made this tree's own. */
  #own(names: readonly string[]): Branch {
    if (this.#root.edit !== this.#edit) this.#root = this.#root.copyFor(this.#edit);
    let node = this.#root;
    for (const name of names) {
      const child = node.children.get(name);
      if (!child) throw new RangeError(`There is no node /${names.join("/")}.`);
      node = this.#ownChild(node, name, child);
    }
    return node;
  }

  #ownChild(parent: Branch, name: string, child: Branch): Branch {
    if (child.edit === this.#edit) return child;
    const own = child.copyFor(this.#edit);
    parent.children.set(name, own);
    return own;
  }
}

/**
 * What differs in `other`: nodes changed or added, parents first, and paths of which nothing is left. Done one after
 * another they make `base` into `other`, the order of children included.
 */
export function* differences(base: Tree, other: Tree): Generator<readonly [path: string, node: Node | undefined]> {
  const open: [string, Node | undefined, Node | undefined][] = [["/", base.root, other.root]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, before, after] = next;
    if (before === after) continue;
    if (!after || !before || !sameNode(before, after)) yield [path, after];
    if (!after) continue;
    const inPlace = before && keepsOrder(before, after);
    for (const [name, node] of [...after.children].reverse()) {
      open.push([childOf(path, name), inPlace ? before.children.get(name) : undefined, node]);
    }
    for (const name of before?.children.keys() ?? []) {
      if (!inPlace || !after.children.has(name))
        open.push([childOf(path, name), before?.children.get(name), undefined]);
    }
  }
}

/** The children that are left stand as they stood, and new ones behind them. */
function keepsOrder(before: Node, after: Node): boolean {
  const kept = [...before.children.keys()].filter((name) => after.children.has(name));
  const now = after.children.keys();
  return kept.every((name) => name === now.next().value);
}

const sameNode = (a: Node, b: Node) =>
  a.generation === b.generation && a.value === b.value && a.permissions === b.permissions;
