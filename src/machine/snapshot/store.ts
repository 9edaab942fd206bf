import { createStore, del, get, keys, set, type UseStore } from "idb-keyval";
import type { SnapshotKey } from "./format.ts";

/** Where snapshots are kept between visits. */
export interface SnapshotStore {
  /** Whether anything is stored for {@link SnapshotKey.build}. */
  has(build: string): Promise<boolean>;
  /** @returns the bytes stored last, or undefined; unchecked: see `unwrapState` */
  load(key: SnapshotKey): Promise<Uint8Array | undefined>;
  /**
   * Stores, all or nothing, and drops snapshots of other builds of the same image.
   *
   * @throws when storage is full or refused
   */
  save(key: SnapshotKey, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  remove(key: SnapshotKey): Promise<void>;
}

const fileName = (key: SnapshotKey) => `${key.build}.${key.options}.snapshot`;

/** Another build of the same image: what its snapshots hold can never be restored again. */
function isStale(name: string, key: SnapshotKey): boolean {
  const image = key.build.split("_")[0];
  return name.startsWith(`${image}_`) && !name.startsWith(`${key.build}.`);
}

/** Snapshots in memory: they last as long as the host. */
export class MemorySnapshots implements SnapshotStore {
  readonly #files = new Map<string, Uint8Array>();

  async has(build: string): Promise<boolean> {
    return [...this.#files.keys()].some((name) => name.startsWith(`${build}.`));
  }

  async load(key: SnapshotKey): Promise<Uint8Array | undefined> {
    return this.#files.get(fileName(key));
  }

  async save(key: SnapshotKey, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (const name of this.#files.keys()) if (isStale(name, key)) this.#files.delete(name);
    this.#files.set(fileName(key), bytes);
  }

  async remove(key: SnapshotKey): Promise<void> {
    this.#files.delete(fileName(key));
  }
}

const FOLDER = "ringside-snapshots";

/** The origin private file system: fastest, only in secure contexts. */
class OpfsSnapshots implements SnapshotStore {
  readonly #folder: FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };

  constructor(folder: FileSystemDirectoryHandle) {
    this.#folder = folder as FileSystemDirectoryHandle & { keys(): AsyncIterable<string> };
  }

  async has(build: string): Promise<boolean> {
    for await (const name of this.#folder.keys()) if (name.startsWith(`${build}.`)) return true;
    return false;
  }

  async load(key: SnapshotKey): Promise<Uint8Array | undefined> {
    try {
      const file = await (await this.#folder.getFileHandle(fileName(key))).getFile();
      return new Uint8Array(await file.arrayBuffer());
    } catch (error) {
      if (error instanceof DOMException && error.name === "NotFoundError") return undefined;
      throw error;
    }
  }

  async save(key: SnapshotKey, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const folder = this.#folder;
    for await (const name of folder.keys()) if (isStale(name, key)) await folder.removeEntry(name);
    // a writable replaces the file when it closes, so a reader never sees half of it
    const writable = await (await folder.getFileHandle(fileName(key), { create: true })).createWritable();
    try {
      await writable.write(bytes);
      await writable.close();
    } catch (error) {
      await writable.abort().catch(() => {});
      await this.remove(key).catch(() => {});
      throw error;
    }
  }

  async remove(key: SnapshotKey): Promise<void> {
    await this.#folder.removeEntry(fileName(key));
  }
}

/** IndexedDB: also there in insecure contexts. */
class IndexedDbSnapshots implements SnapshotStore {
  readonly #store: UseStore;

  constructor() {
    this.#store = createStore(FOLDER, "snapshots");
  }

  async has(build: string): Promise<boolean> {
    return (await keys<string>(this.#store)).some((name) => name.startsWith(`${build}.`));
  }

  load(key: SnapshotKey): Promise<Uint8Array | undefined> {
    return get<Uint8Array>(fileName(key), this.#store);
  }

  async save(key: SnapshotKey, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    for (const name of await keys<string>(this.#store)) if (isStale(name, key)) await del(name, this.#store);
    await set(fileName(key), bytes, this.#store);
  }

  remove(key: SnapshotKey): Promise<void> {
    return del(fileName(key), this.#store);
  }
}

/**
 * The best store this page may use: OPFS, else IndexedDB, else memory (third-party storage blocked, a sandboxed
 * frame). Found out by trying: what exists may still be refused.
 */
export async function openBrowserSnapshots(): Promise<SnapshotStore> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle(FOLDER, { create: true });
    if ("createWritable" in FileSystemFileHandle.prototype) return new OpfsSnapshots(folder);
  } catch {
    // not in this context: the next one may be
  }
  try {
    const store = new IndexedDbSnapshots();
    await store.load({ build: "probe", options: "" });
    return store;
  } catch {
    return new MemorySnapshots();
  }
}
