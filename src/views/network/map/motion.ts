import { render } from "lit";
import { crossGlyph, packetGlyph } from "../glyphs.ts";
import type { Id, Trail } from "../picture.ts";
import type { Point } from "./geometry.ts";
import { type Graph, lengthOf, pathData, trailWays, type Way } from "./paths.ts";

/** Milliseconds a packet's sightings are given to come together before it is drawn. */
const SETTLE = 600;
/** Milliseconds a cross stands where a packet was lost. */
const CROSS = 700;
/** Packets drawn at most in a second, and ways of one packet. */
const MOST_PACKETS = 12;
const MOST_WAYS = 8;
/** Milliseconds a packet takes over the map: more over a longer way, never more than a second. */
const duration = (length: number): number => Math.min(1000, 250 + length * 0.9);

/** What the map is asked for. */
export interface Stage {
  readonly graph: Graph | undefined;
  /** Where packets move. */
  readonly place: HTMLElement | null;
  /** The packet as it is known now. */
  trail(id: Id): Trail | undefined;
  /** How many packets were drawn in the last second. */
  drawn(count: number): void;
}

/** Packets that passed move over the map, once each, along the lines they took. */
export class Motion {
  readonly #stage: Stage;
  #known: ReadonlySet<Id> | undefined;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #recent: readonly number[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Those that were there at first are history: they stay where they are. */
  see(trails: readonly Trail[]) {
    const known = this.#known;
    this.#known = new Set(trails.map(({ id }) => id));
    if (!known) return;
    const fresh = trails.filter(({ id }) => !known.has(id)).slice(-MOST_PACKETS);
    if (fresh.length > 0) this.#after(SETTLE, () => this.#start(fresh.map(({ id }) => id)));
  }

  stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #after(milliseconds: number, run: () => void) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, milliseconds);
    this.#timers.add(timer);
  }

  #start(ids: readonly Id[]) {
    const { graph, place } = this.#stage;
    const now = performance.now();
    this.#recent = this.#recent.filter((at) => now - at < 1000);
    const room = MOST_PACKETS - this.#recent.length;
    if (!graph || !place || room <= 0) return;
    for (const id of ids.slice(-room)) {
      const trail = this.#stage.trail(id);
      if (!trail) continue;
      this.#recent = [...this.#recent, now];
      for (const way of trailWays(graph, trail).slice(0, MOST_WAYS)) move(place, trail, way);
    }
    this.#stage.drawn(this.#recent.length);
    this.#after(1000, () => {
      const then = performance.now();
      this.#recent = this.#recent.filter((at) => then - at < 1000);
      this.#stage.drawn(this.#recent.length);
    });
  }
}

const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** One packet along one way; where motion is not wanted, the way itself for a moment. */
function move(place: HTMLElement, trail: Trail, { points, end }: Way) {
  const element = document.createElement("div");
  element.className = trail.colour;
  element.dataset.trail = trail.id;
  place.append(element);
  const length = lengthOf(points);
  if (still()) {
    element.append(standingWay(points));
    setTimeout(() => element.remove(), 1000);
    return;
  }
  render(packetGlyph(trail.colour), element);
  element.style.offsetPath = `path("${pathData(points)}")`;
  const animation = element.animate([{ offsetDistance: "0%" }, { offsetDistance: "100%" }], {
    duration: duration(length),
    easing: "linear",
    fill: "forwards",
  });
  animation.onfinish = () => (trail.lost && trail.lost.at === end ? cross(element) : element.remove());
  animation.oncancel = () => element.remove();
}

/** Where a packet was lost, a cross stands for a moment. */
function cross(element: HTMLElement) {
  render(crossGlyph(), element);
  setTimeout(() => element.remove(), CROSS);
}

function standingWay(points: readonly Point[]): SVGElement {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  drawing.setAttribute("class", "tracks");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("class", "track");
  path.setAttribute("d", pathData(points));
  drawing.append(path);
  return drawing;
}
