import type { GuestFrames } from "./guest-frames.ts";
import { MOST_COPIES, MOST_WRITABLE, SharedPage } from "./shared-page.ts";

/** Pages of one domain that are watched at a time: what its emulator can. */
const MOST_WATCHED = 8192;

/**
 * Pages that two domains share by a mapped grant. The memories of two emulators cannot alias, so the page *migrates*:
 * every domain that maps it has a copy of its own, and whoever is about to run gets what the last writer left.
 *
 * Why this is the same as sharing: all guests of a host run on one thread, one turn after the other, and a guest sees
 * its memory only in its own turn. At the start of a turn its copies hold every store that came before, in any domain;
 * while it runs nobody else stores, but hypercalls and backends of this program, which go through {@link SharedPage}
 * and reach the copies at once. So all loads and stores are as in some interleaving of whole turns, which is a
 * sequentially consistent execution of the real thing. Atomic instructions are atomic: no turn ends inside one.
 *
 * Only what changed is moved: the *holder* is the domain that may have stored last; a page goes nowhere until another
 * domain that maps it has a turn, and not at all when its content did not change. To know that, it is compared. A page
 * that was compared in vain for long is *watched*: the emulators tell of the next store to it, and until then it costs
 * nothing. Measured with 133 pages that blkback kept mapped, one request at a time: comparing them all was 19 % of all
 * work, 267 pages a request.
 */
export class PageSharing {
  /** The domain whose turn it is. */
  running: GuestFrames | undefined;
  readonly pages = new Set<SharedPage>();
  /** Pages that were compared because they might have changed, and those of them that were moved. */
  readonly counters = { compared: 0, moved: 0 };
  /** How often in a row a page is compared in vain before it is watched, and turns from one such choice to the next. */
  readonly patience = { comparisons: 16, turns: 64 };
  #choose = 0;
  /** Domains that have, or had, pages that are watched. */
  readonly #watching = new Set<GuestFrames>();
  /** Called for every page moved, when set. */
  onMoved: ((to: GuestFrames, gfn: number) => void) | undefined;

  /** Brings the pages a domain shares to it. */
  enter(frames: GuestFrames): void {
    this.collect();
    this.running = frames;
    frames.turns++;
    for (const page of frames.restless) page.bring(frames);
    if (--this.#choose <= 0) this.#watchQuiet(frames);
  }

  leave(frames: GuestFrames): void {
    this.collect();
    this.running = undefined;
    for (const page of frames.aliased) page.settle();
  }

  /**
   * What was stored to watched pages so far counts from now on: by the domain that runs, and by devices of those that do
   * not.
   */
  collect(): void {
    for (const frames of this.#watching) {
      for (const gfn of frames.takeStores()) frames.shared.get(gfn)?.stored(frames);
    }
  }

  /** Has the page `home` has at `homeGfn` as many copies as it may have, for a mapper that wants one more? */
  full(home: GuestFrames, homeGfn: number, mapper: GuestFrames, writable: boolean): boolean {
    const copies = home.shared.get(homeGfn)?.copies ?? [];
    if (copies.length >= MOST_COPIES) return true;
    return writable && copies.filter((copy) => copy.frames === mapper && copy.writable).length >= MOST_WRITABLE;
  }

  /** Lets `mapper` see the page `home` has at `homeGfn` at its own `gfn`. */
  share(home: GuestFrames, homeGfn: number, mapper: GuestFrames, gfn: number, writable: boolean): SharedPage {
    const page = home.shared.get(homeGfn) ?? new SharedPage(this, home);
    if (!this.pages.has(page)) page.add({ frames: home, gfn: homeGfn, writable: true });
    page.add({ frames: mapper, gfn, writable });
    return page;
  }

  /** Forgets a domain: its last stores go to those that share pages with it. */
  drop(frames: GuestFrames): void {
    for (const page of [...frames.sharedPages]) page.removeAll(frames);
    if (this.running === frames) this.running = undefined;
    this.#watching.delete(frames);
  }

  /** Watches the pages of a domain that were compared in vain for long: all at once, as it empties the TLBs. */
  #watchQuiet(frames: GuestFrames): void {
    this.#choose = this.patience.turns;
    const watched = new Map<GuestFrames, number[]>();
    for (const page of frames.restless) {
      if (!page.mayBeWatched(this.patience.comparisons)) continue;
      if (page.copies.some((copy) => copy.frames.watched + (watched.get(copy.frames)?.length ?? 0) >= MOST_WATCHED))
        break;
      for (const { frames: domain, gfn } of page.watch()) watched.set(domain, [...(watched.get(domain) ?? []), gfn]);
    }
    for (const [domain, gfns] of watched) {
      domain.watch(gfns);
      this.#watching.add(domain);
    }
  }

  /** JSON; domains by `idOf`. Nobody's turn is on, so that copies in one domain are settled. */
  save(idOf: (frames: GuestFrames) => number): unknown {
    return [...this.pages].map((page) => ({
      holder: idOf(page.holder),
      copies: page.copies.map(({ frames, gfn, writable }) => ({ domain: idOf(frames), gfn, writable })),
    }));
  }

  /** @returns the pages in the order they were saved; contents come with the guests' memories */
  restore(state: unknown, framesOf: (id: number) => GuestFrames): readonly SharedPage[] {
    const saved = state as {
      holder: number;
      copies: { domain: number; gfn: number; writable: boolean }[];
    }[];
    this.pages.clear();
    return saved.map(({ holder, copies }) => {
      const page = new SharedPage(this, framesOf(holder));
      page.rejoin(copies.map(({ domain, gfn, writable }) => ({ frames: framesOf(domain), gfn, writable })));
      return page;
    });
  }
}
