/** The whole store as JSON: the tree, what connections have under way, and open transactions with what they saw. */
import * as v from "valibot";
import { fromBytes, HEADER_BYTES, toBytes } from "../abi/xs-wire.ts";
import type { Connection, Outgoing } from "./connection.ts";
import { Database } from "./database.ts";
import type { Caller, Permission } from "./permissions.ts";
import { formatPermission, parsePermission } from "./permissions.ts";
import { Transaction } from "./transaction.ts";
import { differences, type Node, type Tree } from "./tree.ts";
import type { Cause } from "./watches.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
/** Bytes, one character each. */
const text = v.pipe(v.string(), v.regex(/^[\0-\xff]*$/, "expected bytes"));
/** `r1`, with a `!` behind one that counts no more. */
const entry = v.pipe(v.string(), v.regex(/^[nrwb]\d{1,5}!?$/, "expected a permission"));
const entries = v.pipe(v.array(entry), v.minLength(1));
const node = v.object({ path: v.string(), value: text, permissions: entries, generation: count });

const transaction = v.object({
  id: count,
  failed: v.boolean(),
  bytes: count,
  /** What differs from the store: nodes, and paths without one. */
  changes: v.array(v.union([node, v.object({ path: v.string() })])),
  seen: v.array(
    v.object({
      path: v.string(),
      generation: v.optional(count),
      permissions: v.optional(entries),
      tell: v.optional(v.picklist(["exact", "all"])),
    }),
  ),
});

const connection = v.object({
  domain: count,
  privileged: v.boolean(),
  target: v.optional(count),
  error: count,
  /** The message half read, and what has arrived behind it. */
  have: text,
  waiting: v.array(text),
  /** `cause` is an index into the state's causes. */
  out: v.array(v.object({ bytes: text, event: v.boolean(), cause: v.optional(count) })),
  taken: count,
  nextTransaction: count,
  transactions: v.array(transaction),
  watches: v.array(v.object({ path: text, token: text, strip: count, fired: count })),
});

const STATE = v.object({
  generation: count,
  nodes: v.array(node),
  special: v.record(v.string(), entries),
  known: v.array(count),
  limits: v.record(v.string(), count),
  handshake: v.array(
    v.object({ at: v.number(), device: v.string(), side: v.picklist(["front", "back"]), state: count }),
  ),
  transactions: v.object({ committed: count, refused: count }),
  down: v.array(count),
  /** Requests whose messages are unfetched: who made each. */
  causes: v.array(count),
  connections: v.array(connection),
});

export type StoreState = v.InferOutput<typeof STATE>;

export function saveStore(database: Database, connections: readonly Connection[], down: Iterable<number>): StoreState {
  const causes = new Map<Cause, number>();
  const indexOf = (cause: Cause) => {
    const known = causes.get(cause) ?? causes.size;
    causes.set(cause, known);
    return known;
  };
  return {
    generation: database.generation,
    nodes: [...database.tree.walk()].map(([path, its]) => savedNode(path, its)),
    special: Object.fromEntries([...database.special].map(([name, its]) => [name, its.map(savedEntry)])),
    known: [...database.known],
    limits: { ...database.accounts.limits },
    handshake: [...database.handshake.changes],
    transactions: { ...database.transactions },
    down: [...down],
    connections: connections.map((each) => savedConnection(each, database.tree, indexOf)),
    causes: [...causes.keys()].map(({ from }) => from.domain),
  };
}

const savedEntry = (permission: Permission) => formatPermission(permission) + (permission.void ? "!" : "");

const savedNode = (path: string, { value, permissions, generation }: Node) => ({
  path,
  value,
  permissions: permissions.map(savedEntry),
  generation,
});

function savedConnection(
  its: Connection,
  tree: Tree,
  indexOf: (cause: Cause) => number,
): StoreState["connections"][number] {
  const { have, waiting, out, taken } = its.underWay();
  return {
    domain: its.domain,
    privileged: its.caller.privileged,
    ...(its.caller.target !== undefined && { target: its.caller.target }),
    error: its.error,
    have: fromBytes(have),
    waiting: waiting.map(fromBytes),
    out: out.map(({ bytes, event, cause }) => ({
      bytes: fromBytes(bytes),
      event: event !== undefined,
      ...(cause && { cause: indexOf(cause) }),
    })),
    taken,
    nextTransaction: its.nextTransaction,
    transactions: [...its.transactions.values()].map((each) => savedTransaction(each, tree)),
    watches: [...its.watches.values()].map(({ path, token, strip, fired }) => ({ path, token, strip, fired })),
  };
}

function savedTransaction(its: Transaction, tree: Tree): v.InferOutput<typeof transaction> {
  return {
    id: its.id,
    failed: its.failed,
    bytes: its.bytes,
    changes: [...differences(tree, its.tree)].map(([path, now]) => (now ? savedNode(path, now) : { path })),
    seen: [...its.seenNodes].map(([path, { generation, permissions, tell }]) => ({
      path,
      ...(generation !== undefined && { generation }),
      ...(permissions && { permissions: permissions.map(savedEntry) }),
      ...(tell && { tell }),
    })),
  };
}

export interface LoadedStore {
  readonly database: Database;
  readonly connections: readonly Connection[];
  readonly down: readonly number[];
}

/** @throws Error with a sentence when the state is none of this program's */
export function loadStore(
  given: unknown,
  now: () => number,
  connect: (database: Database, caller: Caller, error: number) => Connection,
): LoadedStore {
  const parsed = v.safeParse(STATE, given);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(`The saved xenstore cannot be read: ${issue.message} at ${v.getDotPath(issue) ?? "its root"}.`);
  }
  const state = parsed.output;
  try {
    const database = loadedDatabase(state, now);
    const connections = state.connections.map((each) => {
      const { domain: id, privileged, target } = each;
      return connect(database, { id, privileged, target }, each.error);
    });
    const byDomain = new Map(connections.map((each) => [each.domain, each]));
    const causes = state.causes.map((domain): Cause => {
      const from = byDomain.get(domain);
      if (!from) throw new RangeError(`Domain ${domain} has requests, but no connection.`);
      from.outstanding += 1;
      return { left: 0, from };
    });
    for (const [i, each] of state.connections.entries()) loadConnection(connections[i]!, each, database, causes);
    return { database, connections, down: state.down };
  } catch (error) {
    if (error instanceof RangeError) throw new Error(`The saved xenstore cannot be read: ${error.message}`);
    throw error;
  }
}

function loadedDatabase(state: StoreState, now: () => number): Database {
  const database = new Database(now);
  const { tree, handshake, accounts } = database;
  for (const { path, value, permissions, generation } of state.nodes) {
    tree.set(path, value, permissions.map(loadedEntry), generation);
  }
  handshake.restore(state.handshake);
  for (const { path, value } of state.nodes) handshake.seen(path, value);
  database.generation = state.generation;
  for (const [name, its] of Object.entries(state.special)) {
    if (database.special.has(name)) database.special.set(name, its.map(loadedEntry));
  }
  for (const domain of state.known) database.known.add(domain);
  for (const [name, limit] of Object.entries(state.limits)) {
    if (Object.hasOwn(accounts.limits, name)) accounts.limits[name as keyof typeof accounts.limits] = limit;
  }
  Object.assign(database.transactions, state.transactions);
  return database;
}

function loadedEntry(saved: string): Permission {
  const entry = parsePermission(saved.replace("!", ""));
  if (!entry) throw new RangeError(`\`${saved}\` is no permission.`);
  return saved.endsWith("!") ? { ...entry, void: true } : entry;
}

function loadConnection(
  its: Connection,
  saved: StoreState["connections"][number],
  database: Database,
  causes: readonly Cause[],
): void {
  const { accounts, watches } = database;
  for (const { path, token, strip, fired } of saved.watches) {
    const key = `${path}\0${token}`;
    const made = { path, token, strip, watcher: its, fired };
    its.watches.set(key, made);
    watches.add(made);
    accounts.hold(its.domain, key.length);
  }
  its.nextTransaction = saved.nextTransaction;
  for (const each of saved.transactions) {
    its.transactions.set(each.id, loadedTransaction(each, its.caller, database));
  }
  const out = saved.out.map(({ bytes, event, cause }): Outgoing => {
    return {
      bytes: toBytes(bytes),
      event: event ? bytes.slice(HEADER_BYTES) : undefined,
      cause: cause === undefined ? undefined : causes[cause],
    };
  });
  its.takeUp(toBytes(saved.have), saved.waiting.map(toBytes), out, saved.taken);
}

function loadedTransaction(
  { id, failed, bytes, changes, seen }: v.InferOutput<typeof transaction>,
  owner: Caller,
  database: Database,
): Transaction {
  const tree = database.tree.copy();
  for (const change of changes) {
    if ("value" in change) tree.set(change.path, change.value, change.permissions.map(loadedEntry), change.generation);
    else tree.remove(change.path);
  }
  const seenNodes = new Map(
    seen.map(({ path, generation, permissions, tell }) => {
      return [path, { generation, permissions: permissions?.map(loadedEntry), ...(tell && { tell }) }] as const;
    }),
  );
  const next = () => database.next();
  return new Transaction(id, tree, owner, next, database.accounts, { seenNodes, failed, bytes });
}
