import { type ImageSource, loadPart } from "./load.ts";
import type { Part } from "./manifest.ts";

interface Loading {
  readonly content: Promise<Uint8Array<ArrayBuffer>>;
  readonly listeners: Set<(loaded: number) => void>;
  loaded: number;
}

/** Parts of images, each loaded once for everybody who asks. A failed load may be tried again. */
export class PartCache {
  readonly #source: ImageSource;
  readonly #loadings = new Map<string, Loading>();

  constructor(source: ImageSource) {
    this.#source = source;
  }

  /**
   * @param name what to call it in messages
   * @param onBytes called with the bytes over the wire so far, also when somebody else asked first
   * @throws ImageError as `loadPart` does
   */
  load(name: string, part: Part, onBytes: (loaded: number) => void = () => {}): Promise<Uint8Array<ArrayBuffer>> {
    const loading = this.#loadings.get(part.file) ?? this.#begin(name, part);
    if (loading.loaded > 0) onBytes(loading.loaded);
    loading.listeners.add(onBytes);
    return loading.content.finally(() => loading.listeners.delete(onBytes));
  }

  #begin(name: string, part: Part): Loading {
    const listeners = new Set<(loaded: number) => void>();
    const content = loadPart(this.#source, name, part, (loaded) => {
      loading.loaded = loaded;
      for (const listener of listeners) listener(loaded);
    });
    const loading: Loading = { content, listeners, loaded: 0 };
    this.#loadings.set(part.file, loading);
    content.catch(() => this.#loadings.delete(part.file));
    return loading;
  }
}
