/** The requests of the wire protocol (docs/misc/xenstore.txt), answered as the C xenstored of Xen 4.17 answers them. */
import { PAYLOAD_MAX, RELATIVE_PATH_MAX, XS } from "../abi/xs-wire.ts";
import { Access, Refused } from "./access.ts";
import type { Connection } from "./connection.ts";
import { control } from "./control.ts";
import type { Database } from "./database.ts";
import { absolute, domainPath, isNode, isSpecial } from "./paths.ts";
import { formatPermission, OWN, type Permission, parsePermission, rights, WRITE } from "./permissions.ts";
import { Transaction } from "./transaction.ts";
import type { Node } from "./tree.ts";
import type { Watch } from "./watches.ts";

/** What requests ask of the store beyond its database. */
export interface Daemon {
  readonly database: Database;
  connected(domain: number): Connection | undefined;
  release(domain: number): void;
  /** The domain runs again: its next shutdown is to be announced. */
  resume(domain: number): void;
}

export interface Request {
  readonly daemon: Daemon;
  readonly connection: Connection;
  readonly transaction: Transaction | undefined;
  readonly payload: string;
}

/** The payload of the answer; `behind` happens after it. */
export type Answer = string | { readonly payload: string; readonly behind: () => void };

interface Operation {
  /** Of privileged connections only. */
  readonly privileged?: true;
  /** The transaction's id is not looked at. */
  readonly outside?: true;
  /** @throws Refused */
  readonly answer: (request: Request) => Answer;
}

const OK = "OK\0";

const OPERATIONS: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [XS.CONTROL, { privileged: true, answer: ({ daemon, payload }) => control(daemon, strings(payload)) }],
  [XS.DIRECTORY, { answer: (request) => names(access(request).node(path(request))) }],
  [XS.DIRECTORY_PART, { answer: directoryPart }],
  [XS.READ, { answer: (request) => access(request).node(path(request)).value }],
  [XS.WRITE, { answer: write }],
  [XS.MKDIR, { answer: (request) => done(access(request).mkdir(path(request))) }],
  [XS.RM, { answer: (request) => done(access(request).remove(path(request))) }],
  [XS.GET_PERMS, { answer: permissions }],
  [XS.SET_PERMS, { answer: setPermissions }],
  [XS.WATCH, { outside: true, answer: watch }],
  [XS.UNWATCH, { outside: true, answer: unwatch }],
  [XS.RESET_WATCHES, { answer: resetWatches }],
  [XS.TRANSACTION_START, { answer: startTransaction }],
  [XS.TRANSACTION_END, { answer: endTransaction }],
  [XS.GET_DOMAIN_PATH, { answer: ({ payload }) => `${domainPath(number(one(payload)) >>> 0)}\0` }],
  [XS.IS_DOMAIN_INTRODUCED, { privileged: true, answer: isIntroduced }],
  [XS.INTRODUCE, { privileged: true, answer: introduce }],
  [XS.RELEASE, { privileged: true, answer: (request) => done(request.daemon.release(peer(request).domain)) }],
  [XS.RESUME, { privileged: true, answer: (request) => done(request.daemon.resume(peer(request).domain)) }],
  [XS.SET_TARGET, { privileged: true, answer: setTarget }],
]);

/** Serves one request. @throws Refused with the error to answer */
export function answer(type: number, transactionId: number, request: Omit<Request, "transaction">): Answer {
  const operation = OPERATIONS.get(type);
  if (!operation) throw new Refused("ENOSYS");
  if (operation.privileged && !request.connection.caller.privileged) throw new Refused("EACCES");
  const named = !operation.outside && transactionId !== 0;
  const transaction = named ? request.connection.transactions.get(transactionId) : undefined;
  if (named && !transaction) throw new Refused("ENOENT");
  const answered = operation.answer({ ...request, transaction });
  if (typeof answered === "string" && answered.length > PAYLOAD_MAX) throw new Refused("E2BIG");
  return answered;
}

const access = ({ connection, transaction, daemon: { database } }: Request) =>
  new Access(connection.caller, transaction ?? database, database.accounts);

/** The one argument, as an absolute path. */
const path = ({ connection, payload }: Request) => absolute(one(payload), connection.domain);

const done = (_nothing: unknown) => OK;

function names({ children }: Node): string {
  return [...children.keys()].map((name) => `${name}\0`).join("");
}

/** `<path>|<offset>`: the names from an offset on, as many as fit, with an empty one behind the last of all. */
function directoryPart(request: Request): string {
  const [given, offset, more] = strings(request.payload);
  if (given === undefined || offset === undefined || more !== undefined) throw new Refused("EINVAL");
  const node = access(request).node(absolute(given, request.connection.domain));
  const count = `${node.generation}\0`;
  const rest = names(node).slice(number(offset) >>> 0);
  const room = PAYLOAD_MAX - count.length - 1;
  if (rest.length <= room) return `${count}${rest}\0`;
  return count + rest.slice(0, rest.lastIndexOf("\0", room - 1) + 1);
}

/** `<path>|<value|>`: the value is all that is behind the first NUL. */
function write(request: Request): string {
  const end = request.payload.indexOf("\0");
  if (end < 0) throw new Refused("EINVAL");
  const target = absolute(request.payload.slice(0, end), request.connection.domain);
  return done(access(request).write(target, request.payload.slice(end + 1)));
}

function permissions(request: Request): string {
  const node = access(request).node(path(request));
  return node.permissions.map((entry) => `${formatPermission(entry)}\0`).join("");
}

/** `<path>|<perm-as-string>|+` */
function setPermissions(request: Request): string {
  const { connection, daemon } = request;
  const { database } = daemon;
  const [given, ...texts] = strings(request.payload);
  if (given === undefined || texts.length === 0) throw new Refused("EINVAL");
  if (texts.length > database.accounts.limitsOf(connection.caller).permissions) throw new Refused("ENOSPC");
  const entries = texts.map((text): Permission => {
    const entry = parsePermission(text);
    if (!entry) throw new Refused("EINVAL");
    return database.known.has(entry.domain) ? entry : { ...entry, void: true };
  });
  if (entries[0]!.void) throw new Refused("ENOENT");
  if (!isSpecial(given)) return done(access(request).setPermissions(absolute(given, connection.domain), entries));
  const before = database.special.get(given);
  if (!before) throw new Refused("EINVAL");
  if ((rights(connection.caller, before) & (WRITE | OWN)) !== (WRITE | OWN)) throw new Refused("EACCES");
  database.special.set(given, entries);
  return OK;
}

/** `<wpath>|<token>|`: the first event comes at once, behind the answer, whether or not there is such a node. */
function watch({ connection, daemon, payload }: Request): Answer {
  const [given, token, more] = strings(payload);
  if (given === undefined || token === undefined || more !== undefined) throw new Refused("EINVAL");
  const { accounts, watches } = daemon.database;
  const limits = accounts.limitsOf(connection.caller);
  const target = absolute(given, connection.domain);
  const valid = isSpecial(target)
    ? target.length <= RELATIVE_PATH_MAX
    : isNode(target, limits["path-max"], limits["path-depth"]);
  if (!valid) throw new Refused("EINVAL");
  const key = `${target}\0${token}`;
  if (connection.watches.has(key)) throw new Refused("EEXIST");
  // One more than the limit: xenstored compares with `>`.
  if (connection.watches.size > limits.watches) throw new Refused("E2BIG");
  if (!accounts.affords(connection.caller, key.length)) throw new Refused("ENOMEM");
  const strip = target === given ? 0 : target.length - given.length;
  const made: Watch = { path: target, token, strip, watcher: connection, fired: 0 };
  connection.watches.set(key, made);
  watches.add(made);
  accounts.hold(connection.domain, key.length);
  return { payload: OK, behind: () => connection.notify(made, target, undefined) };
}

function unwatch({ connection, daemon, payload }: Request): string {
  const [given, token, more] = strings(payload);
  if (given === undefined || token === undefined || more !== undefined) throw new Refused("EINVAL");
  const key = `${absolute(given, connection.domain)}\0${token}`;
  const made = connection.watches.get(key);
  if (!made) throw new Refused("ENOENT");
  connection.watches.delete(key);
  daemon.database.watches.remove(made);
  daemon.database.accounts.hold(connection.domain, -key.length);
  return OK;
}

function resetWatches({ connection, daemon }: Request): string {
  dropAll(connection, daemon.database);
  return OK;
}

/** Ends a connection's watches and transactions. */
export function dropAll(connection: Connection, { watches, accounts }: Database): void {
  for (const [key, made] of connection.watches) {
    watches.remove(made);
    accounts.hold(connection.domain, -key.length);
  }
  connection.watches.clear();
  for (const transaction of connection.transactions.values()) transaction.end();
  connection.transactions.clear();
}

function startTransaction({ connection, daemon: { database }, transaction }: Request): string {
  if (transaction) throw new Refused("EBUSY");
  const { transactions, caller } = connection;
  // One more than the limit, as with watches.
  if (transactions.size > database.accounts.limitsOf(caller).transactions) throw new Refused("ENOSPC");
  const free = () => connection.nextTransaction === 0 || transactions.has(connection.nextTransaction);
  while (free()) connection.nextTransaction = (connection.nextTransaction + 1) >>> 0;
  const id = connection.nextTransaction;
  connection.nextTransaction = (id + 1) >>> 0;
  const next = () => database.next();
  transactions.set(id, new Transaction(id, database.tree.copy(), caller, next, database.accounts));
  return `${id}\0`;
}

/** `T|` commits, `F|` does not; either ends it. */
function endTransaction({ connection, daemon, transaction, payload }: Request): string {
  const verdict = one(payload);
  if (verdict !== "T" && verdict !== "F") throw new Refused("EINVAL");
  if (!transaction) throw new Refused("ENOENT");
  connection.transactions.delete(transaction.id);
  const error = verdict === "T" ? daemon.database.commit(transaction) : undefined;
  transaction.end();
  if (error) throw new Refused(error);
  return OK;
}

function isIntroduced({ daemon, payload }: Request): string {
  const domain = number(one(payload));
  return domain === DOMID_SELF || daemon.connected(domain) ? "T\0" : "F\0";
}

/** Xen public/xen.h. */
const DOMID_SELF = 0x7ff0;

/** Domains are introduced by the toolstack, which is this program: nobody else has one whose page could be mapped. */
function introduce(): never {
  throw new Refused("EINVAL");
}

/** The connection of the domain that is the one argument; domain 0 cannot be it. */
function peer({ daemon, payload }: Request): Connection {
  const domain = number(one(payload));
  if (domain === 0) throw new Refused("EINVAL");
  return known(daemon, domain);
}

function known(daemon: Daemon, domain: number): Connection {
  const connection = daemon.connected(domain);
  if (!connection) throw new Refused("ENOENT");
  return connection;
}

/** `<domid>|<tdomid>|` */
function setTarget({ daemon, payload }: Request): string {
  const [domain, target] = strings(payload);
  if (domain === undefined || target === undefined) throw new Refused("EINVAL");
  const connection = known(daemon, number(domain));
  connection.caller.target = known(daemon, number(target)).domain;
  return OK;
}

/** The strings that are followed by a NUL; what is behind the last NUL is none. */
const strings = (payload: string) => payload.split("\0").slice(0, -1);

/** The only argument, with the only NUL behind it. */
function one(payload: string): string {
  if (payload === "" || payload.indexOf("\0") !== payload.length - 1) throw new Refused("EINVAL");
  return payload.slice(0, -1);
}

/** As atoi reads it: the digits at the start, 0 for none. */
const number = (text: string) => Number.parseInt(text, 10) | 0;
