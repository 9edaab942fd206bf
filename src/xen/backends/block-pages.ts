/** The front's pages that block requests move data through: mapped for a request, or kept where the front allows it. */
import { type FrontDomain, GrantError, type GrantMapping } from "./front-domain.ts";
import type { RingAccount } from "./ring-account.ts";

/**
 * Persistent grants kept mapped: one for each segment and indirect page of a full one-page ring of indirect requests,
 * as Linux's blkback keeps (max_persistent_grants = 1056). More than one request needs, so that none of its own pages
 * is the oldest.
 */
const MOST_KEPT = 1056;

export class BlockPages {
  readonly #domain: FrontDomain;
  readonly #account: RingAccount;
  readonly #persistent: boolean;
  /** By reference, the one unused for longest first. */
  readonly #kept = new Map<number, GrantMapping>();
  #forRequest: GrantMapping[] = [];

  /** @param persistent both sides have `feature-persistent` */
  constructor(domain: FrontDomain, account: RingAccount, persistent: boolean) {
    this.#domain = domain;
    this.#account = account;
    this.#persistent = persistent;
  }

  /** References kept mapped, the one unused for longest first. */
  get kept(): readonly number[] {
    return [...this.#kept.keys()];
  }

  /**
   * A page of the request in service. A persistent one is mapped writable whatever it is used for, as the next request
   * may use it the other way.
   *
   * @throws GrantError
   */
  map(reference: number, writable: boolean): GrantMapping {
    if (this.#persistent) return this.#keep(reference);
    const mapping = this.#domain.mapGrant(reference, writable);
    this.#account.counters.grantsMapped++;
    this.#forRequest.push(mapping);
    return mapping;
  }

  /** Maps again what another instance had kept; what the front has taken back meanwhile is left out. */
  keep(references: readonly number[]): void {
    for (const reference of references) {
      try {
        this.#keep(reference);
      } catch (error) {
        if (!(error instanceof GrantError)) throw error;
      }
    }
  }

  /** The request in service is done. */
  release(): void {
    for (const mapping of this.#forRequest) mapping.unmap();
    this.#forRequest = [];
  }

  unmapAll(): void {
    this.release();
    for (const mapping of this.#kept.values()) mapping.unmap();
    this.#kept.clear();
  }

  #keep(reference: number): GrantMapping {
    const known = this.#kept.get(reference);
    const mapping = known ?? this.#domain.mapGrant(reference, true);
    this.#kept.delete(reference);
    this.#kept.set(reference, mapping);
    if (!known) {
      this.#account.counters.grantsMapped++;
      if (this.#kept.size > MOST_KEPT) this.#unmapOldest();
    }
    return mapping;
  }

  #unmapOldest(): void {
    const [reference, mapping] = this.#kept.entries().next().value!;
    this.#kept.delete(reference);
    mapping.unmap();
  }
}
