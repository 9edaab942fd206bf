import { fromBytes, HEADER_BYTES, message, readHeader, XS } from "../../../src/xen/abi/xs-wire.ts";
import { type Connection, Store } from "../../../src/xen/store/index.ts";

/** A message that xenstored sent. */
export interface Told {
  readonly type: number;
  readonly requestId: number;
  readonly transactionId: number;
  readonly payload: string;
}

const NAMES = new Map(Object.entries(XS).map(([name, type]) => [type as number, name]));

/** A client at the other end of a connection: it sends whole requests, and sorts what comes back. */
export class Client {
  readonly connection: Connection;
  /** Watch events not looked at yet, as `path token`. */
  readonly events: string[] = [];
  #bytes = new Uint8Array(0);
  #request = 0;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Sends a request and @returns the answer's payload without its last NUL, or the error's name. */
  ask(type: keyof typeof XS, payload: string, transaction = 0): string {
    const { answer, payload: answered } = this.exchange(type, payload, transaction);
    return answer === "READ" ? answered : answered.replace(/\0$/, "");
  }

  /** Sends a request and @returns what kind of answer came, and its payload. */
  exchange(type: keyof typeof XS, payload: string, transaction = 0): { answer: string; payload: string } {
    this.#request += 1;
    this.connection.receive(message(XS[type], this.#request, transaction, payload));
    const answers = this.fetch().filter(({ type: kind }) => kind !== XS.WATCH_EVENT);
    const [answer] = answers;
    if (answers.length !== 1 || !answer) throw new Error(`${answers.length} answers to one request`);
    if (answer.requestId !== this.#request || answer.transactionId !== transaction) throw new Error("another's answer");
    return { answer: NAMES.get(answer.type)!, payload: answer.payload };
  }

  /** Takes all there is, at most `most` bytes at a time. Events are kept in {@link events} too. */
  fetch(most = 1 << 20): Told[] {
    const told: Told[] = [];
    for (let piece = this.connection.take(most); piece.length > 0; piece = this.connection.take(most)) {
      const bytes = new Uint8Array(this.#bytes.length + piece.length);
      bytes.set(this.#bytes);
      bytes.set(piece, this.#bytes.length);
      this.#bytes = bytes;
      told.push(...this.#whole());
    }
    for (const { type, payload } of told) {
      if (type === XS.WATCH_EVENT) this.events.push(payload.slice(0, -1).replace("\0", " "));
    }
    return told;
  }

  #whole(): Told[] {
    const told: Told[] = [];
    while (this.#bytes.length >= HEADER_BYTES) {
      const { type, requestId, transactionId, length } = readHeader(this.#bytes);
      if (this.#bytes.length < HEADER_BYTES + length) break;
      const payload = fromBytes(this.#bytes.subarray(HEADER_BYTES, HEADER_BYTES + length));
      told.push({ type, requestId, transactionId, payload });
      this.#bytes = this.#bytes.slice(HEADER_BYTES + length);
    }
    return told;
  }
}

/** A store as a toolstack leaves it: guests 1 to `guests` have a home that they may read and a `data` that is theirs. */
export function storeWithGuests(guests: number): Store {
  const store = new Store(() => 0);
  store.write("/local/domain/0/name", "Domain-0");
  for (let id = 1; id <= guests; id++) {
    const home = `/local/domain/${id}`;
    store.write(`${home}/name`, `guest${id}`);
    store.setPermissions(home, `n0,r${id}`);
    store.setPermissions(`${home}/name`, `n0,r${id}`);
    store.mkdir(`${home}/data`);
    store.setPermissions(`${home}/data`, `n${id}`);
  }
  return store;
}

export const clientOf = (store: Store, domain: number) => new Client(store.connect(domain));

/** Every node as text, to compare trees. */
export const nodesOf = (store: Store) =>
  store.probe().nodes.map(({ path, value, permissions }) => `${path} = "${value}" (${permissions})`);

/** What xenstored itself finds when it counts again. */
export function check(store: Store): string {
  const state = store.save();
  const again = new Store(() => 0);
  again.restore(JSON.parse(JSON.stringify(state)));
  return new Client(again.connect(0)).ask("CONTROL", "check\0");
}
