/**
 * How the panels of a stage stand: their order, their shares, and which one is alone. Plain data, kept per lab. Several
 * panels may share a place, which is named by the first of them.
 */
export interface Arrangement {
  /** Ids of places, first to last. */
  readonly order: readonly string[];
  /** Weight of each place; the shares are these over their sum. */
  readonly weights: Readonly<Record<string, number>>;
  readonly direction: "rows" | "columns";
  /** The place that has the whole stage, if one does. */
  readonly alone: string | undefined;
  /** The panel that is open in a place, where it is not the first. */
  readonly open: Readonly<Record<string, string>>;
}

/** No panel becomes smaller than this, in pixels. */
const LEAST = 90;

/** A live view starts a little larger than a terminal: it has no scrollback to hold what does not fit. */
const LIVE_VIEW = 1.2;
/** One that draws two sides of a thing at once, or several machines, needs more. */
const TALL_VIEW = 1.8;

/** The arrangement a lab starts with: its own order, one above the other. */
export function initialArrangement(panels: readonly string[]): Arrangement {
  return {
    order: panels,
    weights: Object.fromEntries(panels.map((panel) => [panel, initialWeight(panel)])),
    direction: "rows",
    alone: undefined,
    open: {},
  };
}

/**
 * Reads a kept arrangement for the panels a lab has now. What does not fit (another version of the lab, damage) is
 * left out; panels it does not know stand at the end.
 */
export function restoreArrangement(text: string | undefined, panels: readonly string[]): Arrangement {
  const initial = initialArrangement(panels);
  try {
    const kept = JSON.parse(text ?? "") as Partial<Arrangement>;
    const known = new Set(Array.isArray(kept.order) ? kept.order.filter((panel) => panels.includes(panel)) : []);
    const order = [...known, ...panels.filter((panel) => !known.has(panel))];
    const weights = Object.fromEntries(panels.map((panel) => [panel, weightOf(panel, kept.weights?.[panel])]));
    const direction = kept.direction === "columns" ? "columns" : "rows";
    const open = Object.fromEntries(
      panels.flatMap((panel) => {
        const id: unknown = kept.open?.[panel];
        return typeof id === "string" ? [[panel, id]] : [];
      }),
    );
    return { order, weights, direction, alone: panels.find((panel) => panel === kept.alone), open };
  } catch {
    return initial;
  }
}

function initialWeight(panel: string): number {
  if (panel.startsWith("terminal:")) return 1;
  return /^(?:ring:|domains:|network$)/.test(panel) ? TALL_VIEW : LIVE_VIEW;
}

function weightOf(panel: string, kept: unknown): number {
  return typeof kept === "number" && kept > 0.01 && kept < 100 ? kept : initialWeight(panel);
}

/** Moves a panel one place earlier (−1) or later (+1). */
export function movePanel(now: Arrangement, panel: string, by: -1 | 1): Arrangement {
  const from = now.order.indexOf(panel);
  const to = from + by;
  if (from < 0 || to < 0 || to >= now.order.length) return now;
  const order = [...now.order];
  order.splice(from, 1);
  order.splice(to, 0, panel);
  return { ...now, order };
}

/**
 * Moves the line after a panel.
 *
 * @param delta  pixels, towards the end
 * @param extent pixels of the whole stage in the arrangement's direction
 */
export function moveLine(now: Arrangement, panel: string, delta: number, extent: number): Arrangement {
  const next = now.order[now.order.indexOf(panel) + 1];
  if (next === undefined || extent <= 0) return now;
  const sum = now.order.reduce((total, id) => total + now.weights[id]!, 0);
  const unit = sum / extent;
  const both = now.weights[panel]! + now.weights[next]!;
  const least = Math.min(LEAST * unit, both / 2);
  const weight = Math.min(both - least, Math.max(least, now.weights[panel]! + delta * unit));
  return { ...now, weights: { ...now.weights, [panel]: weight, [next]: both - weight } };
}

/** Opens a panel in the place it shares with others. A place that has been alone makes room when it is another. */
export function openPanel(now: Arrangement, place: string, panel: string): Arrangement {
  const alone = now.alone === place ? place : undefined;
  return { ...now, alone, open: { ...now.open, [place]: panel } };
}

/** Gives one panel the whole stage, or shows all again when it has it already. */
export function toggleAlone(now: Arrangement, panel: string): Arrangement {
  return { ...now, alone: now.alone === panel ? undefined : panel };
}
