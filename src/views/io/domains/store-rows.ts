import type { StoreNode, XenStoreTree } from "../../../probe/io/types.ts";

/** The store as a tree of rows, of which only those in sight are drawn. */

export interface TreeNode {
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  /** Undefined for a directory that no reading names but others lie in. */
  readonly node: StoreNode | undefined;
  readonly children: readonly TreeNode[];
  /** Highest generation in it and below it. */
  readonly newest: number;
  /** Nodes in it and below it. */
  readonly size: number;
}

export interface TreeRow {
  readonly tree: TreeNode;
  readonly open: boolean;
  /** Place among its siblings, from 1, and how many they are. */
  readonly place: number;
  readonly of: number;
}

const collator = new Intl.Collator("en", { numeric: true });

interface Growing {
  readonly path: string;
  readonly name: string;
  node: StoreNode | undefined;
  readonly children: Map<string, Growing>;
}

/** Builds the tree; numbers in names are sorted as numbers. */
export function storeTree({ nodes }: Pick<XenStoreTree, "nodes">): readonly TreeNode[] {
  const root: Growing = { path: "", name: "", node: undefined, children: new Map() };
  for (const node of nodes) {
    let at = root;
    for (const name of node.path.split("/").filter(Boolean)) {
      const next = at.children.get(name) ?? { path: `${at.path}/${name}`, name, node: undefined, children: new Map() };
      at.children.set(name, next);
      at = next;
    }
    at.node = node;
  }
  return grown(root, -1).children;
}

function grown({ path, name, node, children }: Growing, depth: number): TreeNode {
  const own = [...children.values()]
    .sort((one, other) => collator.compare(one.name, other.name))
    .map((child) => grown(child, depth + 1));
  const newest = Math.max(node?.generation ?? 0, ...own.map((child) => child.newest));
  return { path, name, node, depth, children: own, newest, size: own.reduce((sum, { size }) => sum + size, 1) };
}

/** The directories of domains are open from the beginning, and in them what concerns devices. */
const OPEN_DEPTH = 3;
const OF_DEVICES = /\/(device|backend)(\/|$)/;

/** Which nodes are open while the student has not turned them. */
export const openAtFirst = ({ depth, path }: Pick<TreeNode, "depth" | "path">) =>
  depth < OPEN_DEPTH || OF_DEVICES.test(path);

/** The rows of a tree, top down; with a filter those that have it in path or value, and what they lie in. */
export function treeRows(
  trees: readonly TreeNode[],
  isOpen: (node: TreeNode) => boolean,
  filter = "",
): readonly TreeRow[] {
  const sought = filter.trim().toLowerCase();
  const rows: TreeRow[] = [];
  const add = (siblings: readonly TreeNode[]) => {
    const shown = sought ? siblings.filter((tree) => holds(tree, sought)) : siblings;
    shown.forEach((tree, at) => {
      const open = tree.children.length > 0 && (sought !== "" || isOpen(tree));
      rows.push({ tree, open, place: at + 1, of: shown.length });
      if (open) add(tree.children);
    });
  };
  add(trees);
  return rows;
}

function holds(tree: TreeNode, sought: string): boolean {
  const here = `${tree.path}\n${tree.node?.value ?? ""}`.toLowerCase();
  return here.includes(sought) || tree.children.some((child) => holds(child, sought));
}

/** The highest generation of a store: what is above it in a later reading has changed. */
export const newestOf = ({ nodes }: Pick<XenStoreTree, "nodes">) =>
  nodes.reduce((newest, { generation }) => Math.max(newest, generation), 0);

/** Rows in sight, some more on both sides. */
export function rowsInSight(count: number, top: number, height: number, row: number) {
  const extra = 6;
  const first = Math.max(0, Math.min(count, Math.floor(top / row) - extra));
  return { first, end: Math.min(count, Math.ceil((top + height) / row) + extra) };
}
