import type { LinkPort } from "../../network/link.ts";
import { Segment } from "../../network/segment.ts";

/** The links inside a host, by name. */
export class HostLinks {
  readonly #segments = new Map<string, Segment>();

  /** Makes links that are not there yet; one that is stays what it is. */
  declare(kinds: Readonly<Record<string, "switch" | "hub">>): void {
    for (const [link, kind] of Object.entries(kinds)) {
      if (!this.#segments.has(link)) this.#segments.set(link, new Segment(kind));
    }
  }

  /** A new end of a link. @param owner for counters, the machine it is for */
  port(link: string, owner: string): LinkPort {
    this.declare({ [link]: "switch" });
    return this.#segments.get(link)!.port(owner);
  }

  clear(): void {
    this.#segments.clear();
  }
}
