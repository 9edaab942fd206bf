import { XENBUS } from "../abi/xenbus.ts";
import type { Backend } from "../backends/front-domain.ts";
import type { Store } from "../store/index.ts";
import { backPath, type DeviceKind, frontPath } from "./paths.ts";

/** A device as the toolstack makes it. */
export interface DevicePlan {
  readonly kind: DeviceKind;
  /** Virtual device number, or handle. */
  readonly number: number;
  /** `xvda`, `eth0`. */
  readonly name: string;
  readonly front: number;
  readonly back: number;
  /** Keys beside those that every device has. */
  readonly frontKeys: Readonly<Record<string, string | number>>;
  readonly backKeys: Readonly<Record<string, string | number>>;
  /** Makes the backend where it is this program's; undefined where it is a guest's kernel. */
  readonly make: (() => MadeBackend) | undefined;
}

export interface MadeBackend {
  readonly backend: Backend;
  /** Gives back what it was made with, after it was closed. */
  release(): void;
}

/** One paravirtual device: its two directories, and its backend where that is ours. */
export class Device {
  readonly plan: DevicePlan;
  readonly frontPath: string;
  readonly backPath: string;
  readonly #store: Store;
  #made: MadeBackend | undefined;
  #unwatch: (() => void) | undefined;
  #there = false;

  constructor(store: Store, plan: DevicePlan) {
    this.#store = store;
    this.plan = plan;
    this.frontPath = frontPath(plan.front, plan.kind, plan.number);
    this.backPath = backPath(plan.back, plan.kind, plan.front, plan.number);
  }

  /** Undefined while the device is not attached, or served by a guest. */
  get backend(): Backend | undefined {
    return this.#made?.backend;
  }

  /** True from {@link attach} until it is gone. */
  get attached(): boolean {
    return this.#there;
  }

  get connected(): boolean {
    return this.frontState === XENBUS.connected && this.backState === XENBUS.connected;
  }

  /** True when its driver domain's hotplug script says that it cannot have it. */
  get refused(): boolean {
    return this.#store.read(`${this.backPath}/hotplug-status`) === "error";
  }

  get frontState(): number {
    return this.#state(this.frontPath);
  }

  get backState(): number {
    return this.#state(this.backPath);
  }

  /** Writes both directories, state Initialising, and makes the backend: what `xl block-attach` does. */
  attach(): void {
    this.#there = true;
    this.writeBack();
    this.writeFront();
    this.#made = this.plan.make?.();
  }

  /** The front's directory, as for a device that nobody has looked at. */
  writeFront(): void {
    const { kind, front, back, number, frontKeys } = this.plan;
    const own: Record<string, string | number> =
      kind === "vbd" ? { "virtual-device": number, "device-type": "disk" } : { handle: number };
    this.#write(this.frontPath, `n${front},r${back}`, {
      backend: this.backPath,
      "backend-id": back,
      ...own,
      ...frontKeys,
      state: XENBUS.initialising,
    });
  }

  writeBack(): void {
    const { front, back, backKeys } = this.plan;
    this.#write(this.backPath, `n${back},r${front}`, {
      frontend: this.frontPath,
      "frontend-id": front,
      online: 1,
      ...backKeys,
      state: XENBUS.initialising,
    });
  }

  /**
   * Asks both drivers to let go, as `xl block-detach` does; the directories go when they have. A front whose device is
   * in use keeps it until it is not.
   */
  detach(): void {
    if (this.#unwatch || !this.#there) return;
    this.#store.write(`${this.backPath}/online`, "0");
    this.#store.write(`${this.backPath}/state`, String(XENBUS.closing));
    this.#unwatch = this.#store.watch(`${this.backPath}/state`, "toolstack", () => {
      if (this.backState === XENBUS.closed || this.backState === XENBUS.unknown) this.remove();
    });
  }

  /** The front begins anew, resumed in a new place: so does the backend. */
  renew(): void {
    this.#closeBackend();
    this.#remove(this.frontPath);
    if (this.plan.make) this.#remove(this.backPath);
    if (this.plan.make || this.backState === XENBUS.unknown) this.writeBack();
    this.writeFront();
    this.#made = this.plan.make?.();
  }

  /** True when the front may begin anew now: the backend is ours, or waits for it. */
  get renewable(): boolean {
    return this.plan.make !== undefined || this.backState === XENBUS.initWait;
  }

  /** The domain the backend is in went away. What the front wrote stays: a new backend may find it. */
  backendLost(): void {
    this.#closeBackend();
    this.#remove(this.backPath);
  }

  /** Takes the device away at once, drivers or not. */
  remove(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#closeBackend();
    this.#remove(this.frontPath);
    this.#remove(this.backPath);
    this.#there = false;
  }

  save(): unknown {
    return { attached: this.#there, detaching: this.#unwatch !== undefined, backend: this.#made?.backend.save() };
  }

  /** Xenstore, the front's memory and its channels are back. */
  restore(state: unknown): void {
    const { attached, detaching, backend } = state as { attached: boolean; detaching: boolean; backend?: unknown };
    this.#there = attached;
    if (!attached) return;
    this.#made = this.plan.make?.();
    this.#made?.backend.restore(backend);
    if (detaching) this.detach();
  }

  #closeBackend(): void {
    this.#made?.backend.close();
    this.#made?.release();
    this.#made = undefined;
  }

  #write(path: string, permissions: string, keys: Readonly<Record<string, string | number>>): void {
    this.#store.remove(path);
    this.#store.mkdir(path);
    this.#store.setPermissions(path, permissions);
    for (const [key, value] of Object.entries(keys)) this.#store.write(`${path}/${key}`, String(value));
  }

  /** With the directories above it that it leaves empty, as libxl does. */
  #remove(path: string): void {
    this.#store.remove(path);
    for (let above = parent(path); /\/(vbd|vif|\d+)$/.test(above); above = parent(above)) {
      if (this.#store.list(above).length > 0 || /^\/local\/domain\/\d+$/.test(above)) return;
      this.#store.remove(above);
    }
  }

  #state(path: string): number {
    return Number(this.#store.read(`${path}/state`) ?? XENBUS.unknown);
  }
}

const parent = (path: string): string => path.slice(0, path.lastIndexOf("/"));
