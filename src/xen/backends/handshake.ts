/**
 * The backend's side of the xenbus handshake (Xen public/io/xenbus.h), as Linux's xen-blkback and xen-netback walk it:
 * InitWait, Connected once the front has written its rings, Closing and Closed after the front, and back to InitWait
 * when the front begins anew.
 */
import { XENBUS } from "../abi/xenbus.ts";
import { ChannelError, type FrontDomain, GrantError } from "./front-domain.ts";

/** What a backend needs of xenstore, as the domain that owns its directory. */
export interface DeviceStore {
  read(path: string): string | undefined;
  write(path: string, value: string): void;
  watch(path: string, token: string, fired: (path: string, token: string) => void): () => void;
}

export interface DevicePaths {
  readonly frontPath: string;
  readonly backPath: string;
}

/** The front wrote something that no connection can be made of. The message is a sentence. */
export class ConnectError extends Error {
  override name = "ConnectError";
}

/** What is particular to a kind of device. */
export interface Device {
  /** States of the front in which its rings and channels are written. */
  readonly ready: readonly number[];
  /** Keys to be written before InitWait. */
  features(): Readonly<Record<string, string | number>>;
  /** Maps and binds. @returns keys to be written before Connected. @throws ConnectError, GrantError, ChannelError */
  connect(): Readonly<Record<string, string | number>>;
  /** Unmaps and unbinds; also when there is no connection. */
  disconnect(): void;
}

export class Handshake {
  readonly #domain: FrontDomain;
  readonly #store: DeviceStore;
  readonly #paths: DevicePaths;
  readonly #device: Device;
  readonly #unwatch: () => void;
  #looking = false;
  #closed = false;

  /** Begins when the backend's directory says Initialising; else waits for the saved state that it belongs to. */
  constructor(domain: FrontDomain, store: DeviceStore, paths: DevicePaths, device: Device) {
    this.#domain = domain;
    this.#store = store;
    this.#paths = paths;
    this.#device = device;
    if (this.#state(paths.backPath) === XENBUS.initialising) this.#offer();
    this.#unwatch = store.watch(`${paths.frontPath}/state`, paths.backPath, () => this.#kick());
    this.#kick();
  }

  /** A key of the front's directory, or undefined. */
  front(key: string): string | undefined {
    return this.#store.read(`${this.#paths.frontPath}/${key}`);
  }

  /** A key of the backend's own directory. */
  back(key: string): string | undefined {
    return this.#store.read(`${this.#paths.backPath}/${key}`);
  }

  /** @throws ConnectError where the key is missing or no number of 32 bits */
  frontNumber(key: string): number {
    const value = this.front(key);
    if (value === undefined || !/^\d{1,10}$/.test(value) || Number(value) > 0xffff_ffff) {
      throw new ConnectError(`${this.#paths.frontPath}/${key} is ${value === undefined ? "missing" : "not a number"}`);
    }
    return Number(value);
  }

  /** True when the front's key is there and is 1. */
  frontFlag(key: string): boolean {
    return this.front(key) === "1";
  }

  close(): void {
    this.#closed = true;
    this.#unwatch();
  }

  /** The front's state may have changed: looked at after its turn, as the event may come in the middle of it. */
  #kick(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#domain.later(() => {
      this.#looking = false;
      if (!this.#closed) this.#look();
    });
  }

  #look(): void {
    const front = this.#state(this.#paths.frontPath);
    const back = this.#state(this.#paths.backPath);
    if (back === XENBUS.initWait && this.#device.ready.includes(front)) this.#connect();
    else if (front === XENBUS.initialising && back === XENBUS.closed) this.#offer();
    else if (front === XENBUS.closing && back >= XENBUS.initWait && back <= XENBUS.connected) {
      this.#switch(XENBUS.closing);
    } else if (front === XENBUS.closed || front === XENBUS.unknown) {
      this.#device.disconnect();
      if (back !== XENBUS.closed && back !== XENBUS.unknown) this.#switch(XENBUS.closed);
    }
  }

  #offer(): void {
    this.#writeAll(this.#device.features());
    this.#switch(XENBUS.initWait);
  }

  /**
   * Connects, or connects again what was saved. Where the front has not what it takes, that is the front's own doing: it
   * is told as xenbus_dev_fatal tells it, and nobody else.
   */
  attempt(connect: () => void): void {
    try {
      connect();
    } catch (error) {
      if (!(error instanceof ConnectError || error instanceof GrantError || error instanceof ChannelError)) throw error;
      this.#device.disconnect();
      this.#store.write(this.#errorPath(), error.message);
      this.#switch(XENBUS.closing);
    }
  }

  #connect(): void {
    this.attempt(() => {
      this.#writeAll(this.#device.connect());
      this.#switch(XENBUS.connected);
    });
  }

  /** `/local/domain/<back>/error/backend/<type>/<front>/<device>/error`, where xenbus_va_dev_error puts it. */
  #errorPath(): string {
    const home = `/local/domain/${this.#domain.backendId}`;
    return `${home}/error${this.#paths.backPath.slice(home.length)}/error`;
  }

  #state(path: string): number {
    const value = this.#store.read(`${path}/state`);
    return value !== undefined && /^[0-8]$/.test(value) ? Number(value) : XENBUS.unknown;
  }

  #writeAll(keys: Readonly<Record<string, string | number>>): void {
    for (const [key, value] of Object.entries(keys)) this.#store.write(`${this.#paths.backPath}/${key}`, String(value));
  }

  #switch(state: number): void {
    this.#store.write(`${this.#paths.backPath}/state`, String(state));
  }
}
