/**
 * xenstored, as part of this program: one tree for all domains of a host, the wire protocol towards their connections
 * (connection.ts), and plain calls for the toolstack and the backends, which act as a privileged domain.
 *
 * Within one call everything happens at once: a change, then its events. Callbacks are called when the call that
 * caused them is through, one after another, and may themselves change the store.
 */
import type { XenStoreTree } from "../../probe/io/types.ts";
import { type Header, toBytes, XS } from "../abi/xs-wire.ts";
import { Access, Refused } from "./access.ts";
import { LIMITS, memoryOf } from "./accounts.ts";
import { Connection, type Service } from "./connection.ts";
import { Database } from "./database.ts";
import { isNode, isSpecial } from "./paths.ts";
import { type Caller, formatPermissions, type Permission, parsePermission } from "./permissions.ts";
import { answer, type Daemon, dropAll } from "./requests.ts";
import { loadStore, type StoreState, saveStore } from "./save.ts";
import type { Cause, Watch, Watcher } from "./watches.ts";

export class Store {
  #database: Database;
  readonly #now: () => number;
  readonly #host: { -readonly [K in keyof Caller]: Caller[K] };
  readonly #connections = new Map<number, Connection>();
  /** Connections that a restored state has, and nobody has asked for yet. */
  readonly #left = new Map<number, Connection>();
  /** Domains whose shutdown was announced. */
  readonly #down = new Set<number>();
  readonly #stirred = new Set<Connection>();
  #events: (() => void)[] = [];
  /** Calls under way, one within the other. */
  #depth = 0;

  /**
   * @param now milliseconds of the machines' clock, for the times of handshakes
   * @param host domain id under which the toolstack's own watches are shown
   */
  constructor(now: () => number, host = 0) {
    this.#now = now;
    this.#host = { id: host, privileged: true, host: true };
    this.#database = new Database(now);
    this.mkdir("/tool/xenstored");
  }

  /** This program's domain has another id from now on. */
  moveHost(id: number): void {
    this.#host.id = id;
  }

  /** @returns the node's value; undefined when there is no such node */
  read(path: string): string | undefined {
    return this.#database.tree.find(checked(path))?.value;
  }

  /** Names of the children, in the order they were made; none when there is no such node. */
  list(path: string): string[] {
    return [...(this.#database.tree.find(checked(path))?.children.keys() ?? [])];
  }

  /**
   * Writes a node, and makes those missing above it, which inherit the permissions of the node they are made in.
   *
   * @param value a byte string @throws RangeError for a path that is none, or characters that are no bytes
   */
  write(path: string, value: string): void {
    toBytes(value);
    this.#act(path, (access) => access.write(path, value));
  }

  /** Makes a node, unless there is one. @throws RangeError for a path that is none */
  mkdir(path: string): void {
    this.#act(path, (access) => access.mkdir(path));
  }

  /** Removes a node with all below it, if there is one. @throws RangeError for a path that is none, or the root */
  remove(path: string): void {
    if (this.read(path) === undefined) return;
    this.#act(path, (access) => access.remove(path));
  }

  /** @returns as `n0,r1`; undefined when there is no such node */
  permissions(path: string): string | undefined {
    const node = this.#database.tree.find(checked(path));
    return node && formatPermissions(node.permissions);
  }

  /**
   * Sets who may do what; the domains named are taken to exist or to be about to.
   *
   * @param text owner first, as `n0,r1`; of `@introduceDomain` and `@releaseDomain` too
   * @throws RangeError when there is no such node, or for permissions that are none
   */
  setPermissions(path: string, text: string): void {
    const entries = text.split(",").map((each): Permission => {
      const entry = parsePermission(each);
      if (!entry)
        throw new RangeError(`\`${text}\` are no permissions: expected n, r, w or b and a domain, as in n0,r1.`);
      return entry;
    });
    if (!isSpecial(path)) this.#act(path, (access) => access.setPermissions(path, entries));
    else if (!this.#database.special.has(path)) throw new RangeError(`\`${path}\` is no event of xenstored.`);
    else this.#database.special.set(path, entries);
    for (const { domain } of entries) this.#database.known.add(domain);
  }

  /**
   * Watches a node and all below it, or `@introduceDomain` or `@releaseDomain`. As in the protocol `fired` is called
   * once at the start, before this returns unless it is itself called from a callback.
   *
   * @returns ends the watch
   */
  watch(path: string, token: string, fired: (path: string, token: string) => void): () => void {
    if (!isSpecial(path)) checked(path);
    let on = true;
    const watcher: Watcher = {
      caller: this.#host,
      notify: (watch, at) => {
        watch.fired += 1;
        this.#events.push(() => on && fired(at, token));
      },
    };
    const watch: Watch = { path, token, strip: 0, watcher, fired: 0 };
    this.#database.watches.add(watch);
    this.#run(() => watcher.notify(watch, path, undefined));
    return () => {
      on = false;
      this.#database.watches.remove(watch);
    };
  }

  /**
   * Connects a domain, and announces it. A connection it still has is closed. After {@link restore} the saved one is
   * taken up.
   *
   * @param privileged as domain 0 always is
   */
  connect(domainId: number, privileged = domainId === 0): Connection {
    const left = this.#left.get(domainId);
    this.#left.delete(domainId);
    this.#connections.get(domainId)?.close();
    const connection = left ?? new Connection({ id: domainId, privileged }, this.#serviceOf(this.#database));
    this.#connections.set(domainId, connection);
    this.#database.known.add(domainId);
    if (!left) this.#run(() => this.#database.announce("@introduceDomain"));
    return connection;
  }

  /** The domain has shut down, but is still there: `@releaseDomain` is announced, once until it is resumed. */
  shutDown(domainId: number): void {
    if (this.#down.has(domainId)) return;
    this.#down.add(domainId);
    this.#run(() => this.#database.announce("@releaseDomain"));
  }

  /** The domain runs again. */
  resume(domainId: number): void {
    this.#down.delete(domainId);
  }

  /**
   * The domain is gone: its connection closes, its nodes go, and `@releaseDomain` is announced. Nodes of domain 0 stay:
   * everything of the toolstack's is owned by it.
   */
  release(domainId: number): void {
    this.#run(() => {
      for (const connections of [this.#connections, this.#left]) {
        connections.get(domainId)?.close();
        connections.delete(domainId);
      }
      this.#down.delete(domainId);
      if (domainId !== 0) this.#database.forget(domainId);
      this.#database.announce("@releaseDomain");
    });
  }

  /** JSON data, at any moment between two calls. Watches of callbacks are not in it: who set them sets them again. */
  save(): StoreState {
    return saveStore(this.#database, this.#all(), this.#down);
  }

  /**
   * Puts a saved store in the place of this one. Connections there are now close; {@link connect} gives the saved ones
   * again. Watches of callbacks stay, and do not fire.
   *
   * @throws Error with a sentence when the state is none; nothing is changed then
   */
  restore(state: unknown): void {
    const { database, connections, down } = loadStore(state, this.#now, (its, caller, error) => {
      return new Connection(caller, this.#serviceOf(its), error);
    });
    for (const connection of this.#connections.values()) connection.close();
    for (const watch of this.#database.watches) if (watch.watcher.caller === this.#host) database.watches.add(watch);
    this.#database = database;
    this.#connections.clear();
    this.#left.clear();
    this.#stirred.clear();
    this.#down.clear();
    for (const connection of connections) this.#left.set(connection.domain, connection);
    for (const domain of down) this.#down.add(domain);
  }

  /** @param below only nodes at and below this path; others are all there */
  probe(below = "/"): XenStoreTree {
    const { tree, watches, handshake, transactions } = this.#database;
    const connections = this.#all();
    return {
      nodes: [...tree.walk(below)].map(([path, { value, permissions, generation }]) => ({
        path,
        value,
        permissions: formatPermissions(permissions),
        generation,
      })),
      watches: [...watches].map(({ watcher, path, token, fired }) => ({
        domain: watcher.caller.id,
        path,
        token,
        fired,
      })),
      handshake: [...handshake.changes],
      transactions: { open: connections.reduce((sum, its) => sum + its.transactions.size, 0), ...transactions },
    };
  }

  #serviceOf(database: Database): Service {
    const { accounts } = database;
    return {
      serve: (connection, header, payload) => this.#serve(connection, header, payload),
      run: (work) => this.#run(work),
      stir: (connection) => this.#stirred.add(connection),
      hold: (domain, bytes) => accounts.hold(domain, bytes),
      overdrawn: ({ caller, outstanding }) => {
        const { outstanding: most, memory } = accounts.limitsOf(caller);
        return outstanding >= most || memoryOf(accounts.charged(caller)) >= memory;
      },
      affords: ({ caller }, bytes) => accounts.affords(caller, bytes),
      drop: (connection) => dropAll(connection, database),
    };
  }

  #all(): Connection[] {
    return [...this.#connections.values(), ...this.#left.values()];
  }

  #daemon(): Daemon {
    return {
      database: this.#database,
      connected: (domain) => this.#connections.get(domain),
      release: (domain) => this.release(domain),
      resume: (domain) => this.resume(domain),
    };
  }

  #serve(connection: Connection, header: Header, payload: string): void {
    const cause: Cause = { left: 0, from: connection };
    connection.outstanding += 1;
    this.#database.cause = cause;
    try {
      const answered = answer(header.type, header.transactionId, { daemon: this.#daemon(), connection, payload });
      if (typeof answered === "string") connection.reply(header, header.type, answered, cause);
      else {
        connection.reply(header, header.type, answered.payload, cause);
        answered.behind();
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      connection.reply(header, XS.ERROR, `${error.code}\0`, cause);
    } finally {
      this.#database.cause = undefined;
    }
  }

  /** Acts on a node as the toolstack. */
  #act(path: string, act: (access: Access) => void): void {
    this.#run(() => {
      try {
        act(new Access(this.#host, this.#database, this.#database.accounts));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        throw new RangeError(`xenstore: \`${path}\` (${error.code}).`);
      }
    });
  }

  /** Runs work; the outermost call tells everybody of what came of it, and of what comes of that. */
  #run(work: () => void): void {
    this.#depth += 1;
    try {
      work();
      if (this.#depth === 1) this.#tellAll();
    } finally {
      this.#depth -= 1;
    }
  }

  #tellAll(): void {
    for (;;) {
      const event = this.#events.shift();
      const [connection] = event ? [] : this.#stirred;
      if (event) event();
      else if (connection) {
        this.#stirred.delete(connection);
        connection.look();
      } else return;
    }
  }
}

function checked(path: string): string {
  if (!isNode(path, LIMITS["path-max"], LIMITS["path-depth"])) throw new RangeError(`\`${path}\` is no xenstore path.`);
  return path;
}
