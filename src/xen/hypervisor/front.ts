import type { IoEvent } from "../../probe/io/types.ts";
import { PAGE_SHIFT, PAGE_SIZE } from "../abi/domains.ts";
import { GNTST, GNTST_MESSAGES } from "../abi/grant-table.ts";
import {
  type Channel,
  type FrontDomain,
  GrantError,
  type GrantMapping,
  type GrantView,
} from "../backends/front-domain.ts";
import { viewGrant } from "./grant-view.ts";
import type { Guest } from "./guest.ts";
import type { Xen } from "./xen.ts";

/** A guest as this program's backends see it. Everything they get ends with the guest. */
export class Front implements FrontDomain {
  readonly id: number;
  readonly name: string;
  readonly backendId: number;
  readonly #xen: Xen;
  readonly #guest: Guest;

  constructor(xen: Xen, guest: Guest) {
    this.#xen = xen;
    this.#guest = guest;
    this.id = guest.id;
    this.name = guest.name;
    this.backendId = xen.host.id;
  }

  mapGrant(reference: number, writable: boolean): GrantMapping {
    const { grants, frames } = this.#guest;
    const frame = this.#granted(reference, grants.acquire(reference, this.backendId, writable, true));
    if (this.tracing)
      this.trace("grant-map", undefined, `reference ${reference}, ${writable ? "writable" : "read-only"}`);
    let mapped = true;
    return {
      reference,
      address: frame * PAGE_SIZE,
      writable,
      // The guest may have given the frame up, or put another domain's page there, which this grant does not reach.
      bytes: () => (mapped && frames.isOwn(frame) ? frames.page(frame) : new Uint8Array(PAGE_SIZE)),
      written: () => {
        if (mapped && frames.isOwn(frame)) frames.written(frame);
      },
      unmap: () => {
        if (!mapped) return;
        mapped = false;
        grants.release(reference, writable);
        if (this.tracing) this.trace("grant-unmap", undefined, `reference ${reference}`);
      },
    };
  }

  copyFromGrant(reference: number, offset: number, into: Uint8Array): void {
    const frame = this.#copied(reference, offset, into.length, false);
    into.set(this.#guest.frames.page(frame).subarray(offset, offset + into.length));
  }

  copyToGrant(reference: number, offset: number, from: Uint8Array): void {
    const frame = this.#copied(reference, offset, from.length, true);
    this.#guest.frames.page(frame).set(from, offset);
    this.#guest.frames.written(frame);
  }

  viewGrant(reference: number): GrantView {
    return viewGrant(this.#guest, reference, this.backendId);
  }

  page(address: number): Uint8Array | undefined {
    const frame = address >>> PAGE_SHIFT;
    return this.#guest.frames.isMemory(frame) ? this.#guest.frames.page(frame) : undefined;
  }

  bind(port: number, use: string, notified: () => void): Channel {
    const { host } = this.#xen;
    const channel = host.bind(this.#guest, port, use, notified);
    return {
      port,
      notify: () => {
        if (this.tracing) {
          this.trace("notify", this.#xen.ringOf(this.#guest, use), `from the backend to port ${port} (${use})`);
        }
        channel.notify();
      },
      close: () => channel.close(),
    };
  }

  now(): number {
    return this.#guest.access.now();
  }

  later(work: () => void): void {
    this.#xen.later(this.#guest, work);
  }

  after(delay: number, work: () => void): () => void {
    return this.#guest.timers.at(this.now() + delay, () => this.#xen.guarded(this.#guest, work));
  }

  get tracing(): boolean {
    return this.#guest.tracing;
  }

  trace(kind: IoEvent["kind"], ring: string | undefined, detail: string): void {
    this.#guest.trace(kind, detail, ring);
  }

  /** @returns the frame a copy goes to or comes from */
  #copied(reference: number, offset: number, bytes: number, writing: boolean): number {
    const { grants } = this.#guest;
    if (offset < 0 || offset + bytes > PAGE_SIZE) throw grantError(GNTST.bad_copy_arg, reference, this.#guest);
    const frame = this.#granted(reference, grants.check(reference, this.backendId, writing));
    grants.countCopy(this.backendId);
    if (this.tracing) {
      this.trace("grant-copy", undefined, `${bytes} bytes ${writing ? "to" : "from"} reference ${reference}`);
    }
    return frame;
  }

  #granted(reference: number, frame: number): number {
    if (frame < 0) throw grantError(frame, reference, this.#guest);
    return frame;
  }
}

function grantError(status: number, reference: number, guest: Guest): GrantError {
  const why = GNTST_MESSAGES[status] ?? `status ${status}`;
  return new GrantError(status, `Grant ${reference} of domain ${guest.id} cannot be used: ${why}.`);
}
