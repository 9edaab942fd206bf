import { createStore, del, get, set } from "idb-keyval";
import type { ProgressStore } from "../lab/index.ts";

/** Where the page keeps what should outlive it: progress, layout, theme, language. */
export interface Storage extends ProgressStore {
  /** True when the browser refused, and what is kept lasts only as long as the page. */
  readonly forgetful: boolean;
}

/** Longer than a healthy database takes to open. Some blocked ones never answer at all. */
const PATIENCE_MS = 1500;

/**
 * Opens IndexedDB, or memory where it is refused: in private windows, in frames of other sites, in files.
 * Never rejects.
 */
export async function openStorage(): Promise<Storage> {
  try {
    const database = createStore("ringside", "kept");
    await within(PATIENCE_MS, get("probe", database));
    return {
      forgetful: false,
      get: (key) => get<string>(key, database),
      set: (key, value) => set(key, value, database),
      remove: (key) => del(key, database),
    };
  } catch {
    const kept = new Map<string, string>();
    return {
      forgetful: true,
      get: async (key) => kept.get(key),
      set: async (key, value) => void kept.set(key, value),
      remove: async (key) => void kept.delete(key),
    };
  }
}

function within<Value>(milliseconds: number, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The storage does not answer.")), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
