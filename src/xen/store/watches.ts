/** Who wants to know of changes, found by path: a change asks only for what lies on the way to its node. */
import type { Connection } from "./connection.ts";
import { isSpecial, namesOf } from "./paths.ts";
import type { Caller } from "./permissions.ts";

/** One who is told. */
export interface Watcher {
  readonly caller: Caller;
  /** @param cause the request behind the change, when it is to be held to account for the event */
  notify(watch: Watch, path: string, cause: Cause | undefined): void;
}

/** A request, until its answer and the events it is held to account for have been fetched. */
export interface Cause {
  /** Messages not fetched yet. */
  left: number;
  readonly from: Connection;
}

export interface Watch {
  /** Absolute, or a special name. */
  readonly path: string;
  readonly token: string;
  /** Characters to leave off the paths it is told: those of the domain's own path, when it was set relative to that. */
  readonly strip: number;
  readonly watcher: Watcher;
  /** Events since it was set. */
  fired: number;
}

interface Place {
  readonly watches: Set<Watch>;
  readonly below: Map<string, Place>;
}

const emptyPlace = (): Place => ({ watches: new Set(), below: new Map() });

export class Watches {
  readonly #root = emptyPlace();
  readonly #special = new Map<string, Set<Watch>>();
  /** All, in the order they were set. */
  readonly #all = new Map<Watch, number>();
  #count = 0;

  [Symbol.iterator](): Iterator<Watch> {
    return this.#all.keys();
  }

  add(watch: Watch): void {
    this.#all.set(watch, this.#count++);
    if (!isSpecial(watch.path)) {
      let place = this.#root;
      for (const name of namesOf(watch.path)) place = entry(place.below, name, emptyPlace);
      place.watches.add(watch);
    } else entry(this.#special, watch.path, () => new Set<Watch>()).add(watch);
  }

  remove(watch: Watch): void {
    this.#all.delete(watch);
    if (isSpecial(watch.path)) {
      const same = this.#special.get(watch.path);
      same?.delete(watch);
      if (same?.size === 0) this.#special.delete(watch.path);
      return;
    }
    const names = namesOf(watch.path);
    const places = [this.#root];
    for (const name of names) {
      const next = places.at(-1)!.below.get(name);
      if (!next) return;
      places.push(next);
    }
    places.at(-1)!.watches.delete(watch);
    for (let i = names.length; i > 0; i--) {
      const { watches, below } = places[i]!;
      if (watches.size > 0 || below.size > 0) return;
      places[i - 1]!.below.delete(names[i - 1]!);
    }
  }

  /** @param exact only those on the path itself, not those above it; in the order they were set */
  on(path: string, exact: boolean): readonly Watch[] {
    if (isSpecial(path)) return [...(this.#special.get(path) ?? [])];
    const found: Watch[] = [];
    let place: Place | undefined = this.#root;
    const names = namesOf(path);
    for (let depth = 0; place; depth++) {
      if (!exact || depth === names.length) found.push(...place.watches);
      if (depth === names.length) break;
      place = place.below.get(names[depth]!);
    }
    return found.length < 2 ? found : found.sort((a, b) => this.#all.get(a)! - this.#all.get(b)!);
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** The path a watch is told: as the watch was set, absolute or relative. */
export const toldPath = ({ strip }: Watch, path: string) => path.slice(strip);
