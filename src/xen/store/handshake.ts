/** How devices come up: every change of the `state` of a frontend or a backend (io/xenbus.h, enum xenbus_state). */
import type { Handshake } from "../../probe/io/types.ts";

const FRONT = /^\/local\/domain\/(\d+)\/device\/([^/]+)\/([^/]+)\/state$/;
const BACK = /^\/local\/domain\/\d+\/backend\/([^/]+)\/(\d+)\/([^/]+)\/state$/;
const MOST = 256;

export class HandshakeHistory {
  #changes: Handshake[] = [];
  /** The state last seen at a path. */
  readonly #states = new Map<string, number>();

  get changes(): readonly Handshake[] {
    return this.#changes;
  }

  /** @param value of the node at `path` now; undefined when it is gone */
  note(path: string, value: string | undefined, at: number): void {
    if (!path.endsWith("/state")) return;
    const place = placeOf(path);
    if (!place) return;
    const state = stateOf(value);
    if (state === undefined) {
      this.#states.delete(path);
      return;
    }
    if (this.#states.get(path) === state) return;
    this.#states.set(path, state);
    this.#changes.push({ at, ...place, state });
    if (this.#changes.length > MOST) this.#changes.shift();
  }

  /** Takes a saved history on; the states as they are now come from {@link seen}. */
  restore(changes: readonly Handshake[]): void {
    this.#changes = changes.slice(-MOST);
    this.#states.clear();
  }

  /** A state that was there already: only its next change is one. */
  seen(path: string, value: string): void {
    const state = stateOf(value);
    if (path.endsWith("/state") && placeOf(path) && state !== undefined) this.#states.set(path, state);
  }
}

/** A guest may write anything: what is no state of enum xenbus_state is none. */
const stateOf = (value: string | undefined) =>
  value !== undefined && /^[0-8]$/.test(value) ? Number(value) : undefined;

/** A device has the same name on both sides: its type, its frontend's domain, its number there. */
function placeOf(path: string): Pick<Handshake, "device" | "side"> | undefined {
  const front = FRONT.exec(path);
  if (front) return { device: `${front[2]}:${front[1]}/${front[3]}`, side: "front" };
  const back = BACK.exec(path);
  return back ? { device: `${back[1]}:${back[2]}/${back[3]}`, side: "back" } : undefined;
}
