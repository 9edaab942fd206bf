/** Where progress is kept. A browser's storage, or memory; keys and values are short text. */
export interface ProgressStore {
  /** @returns undefined when nothing is kept under the key; rejects when the storage cannot be read */
  get(key: string): Promise<string | undefined>;
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Keeps progress for as long as the object lives. */
export function memoryStore(): ProgressStore {
  const kept = new Map<string, string>();
  return {
    get: async (key) => kept.get(key),
    set: async (key, value) => void kept.set(key, value),
    remove: async (key) => void kept.delete(key),
  };
}
