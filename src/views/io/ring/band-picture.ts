import { nothing, type SVGTemplateResult, svg } from "lit";
import type { Band, BandCell, BandTrack, Box, Flag } from "./band.ts";
import { KINDS, type Kind, kindOf } from "./kinds.ts";
import type { Pointer, TrackName } from "./model.ts";
import { positionAt, type Window } from "./window.ts";

/** How the band is drawn; where everything stands is worked out in `band.ts`. */

export interface BandPicture {
  readonly band: Band;
  readonly window: Window;
  readonly capacity: number;
  readonly selected: { readonly track: TrackName; readonly position: number } | undefined;
  /** Slots and indices that carry the mark of a change. */
  readonly freshSlots: ReadonlySet<number>;
  readonly freshIndices: ReadonlySet<string>;
  readonly beat: 0 | 1;
  readonly trackWords: Readonly<Record<TrackName, string>>;
  /** What is said of a pointer when it is pointed at. */
  titleOf(pointer: Pointer): string;
  colourOf(side: "front" | "back"): string;
}

/** Cells narrower than this have no letter in them. */
const WIDE_ENOUGH = 17;
/** Slots from one number to the next, by the least width of a cell that leaves the numbers apart. */
const NUMBERED = [
  { from: 28, every: 1 },
  { from: 14, every: 2 },
  { from: 0, every: 4 },
];

/** The inside of an `svg` of the band's own size. */
export function bandPicture(picture: BandPicture): SVGTemplateResult {
  const { band } = picture;
  return svg`${band.tracks.map((track) => ground(track, picture))}
    ${band.cells.map((cell) => filled(cell, picture))}
    ${band.tracks.map((track) => svg`<path class="division" d=${divisions(track, picture)}/>`)}
    ${chosen(picture)}${numbers(picture)}
    ${KINDS.flatMap((kind) => band.flags.filter(({ pointer }) => kindOf(pointer) === kind)).map((flag) => drawn(flag, picture))}`;
}

function ground({ name, x, y, width, height }: BandTrack, { band, trackWords }: BandPicture): SVGTemplateResult {
  const label = svg`<text class="track" text-anchor="end" x=${x - 6} y=${y + height / 2 + 4}>${trackWords[name]}</text>`;
  return svg`<rect class="ground" x=${x} y=${y} width=${width} height=${height}/>${band.tracks.length > 1 ? label : nothing}`;
}

const rectangle = ({ x, y, width, height }: Box, classes: string) =>
  svg`<rect class=${classes} x=${x} y=${y} width=${width} height=${height}/>`;

function filled({ cell, box, filled: part }: BandCell, { band, freshSlots, beat }: BandPicture): SVGTemplateResult {
  const fresh = freshSlots.has(cell.slot.slot);
  const letter = band.step >= WIDE_ENOUGH ? signOf(cell.slot.request?.operation ?? cell.slot.response?.operation) : "";
  return svg`${fresh ? rectangle(box, `fresh-${beat}`) : nothing}${rectangle(part, `fill ${cell.fill}`)}
    <text class="operation" text-anchor="middle" x=${part.x + part.width / 2} y=${part.y + part.height / 2 + 4}>${letter}</text>`;
}

/** An operation in two letters at most: `R`, `W`, `iW` for an indirect write, `g` for what follows of a GSO packet. */
export function signOf(operation: string | undefined): string {
  if (!operation) return "";
  const words = operation.split(/[\s-]+/);
  const last = (words.at(-1) ?? "").charAt(0).toUpperCase();
  return words.length > 1 ? `${words[0]!.charAt(0).toLowerCase()}${last}` : last;
}

function divisions({ x, y, height }: BandTrack, { band, window }: BandPicture): string {
  return Array.from({ length: window.count - 1 }, (_, at) => `M${x + (at + 1) * band.step} ${y}v${height}`).join("");
}

function chosen({ band, window, capacity, selected }: BandPicture): SVGTemplateResult | typeof nothing {
  const track = selected && band.tracks.find(({ name }) => name === selected.track);
  if (!track) return nothing;
  const offset = (selected.position - window.start + capacity) % capacity;
  if (offset >= window.count) return nothing;
  return rectangle({ x: track.x + offset * band.step, y: track.y, width: band.step, height: track.height }, "chosen");
}

function numbers({ band, window, capacity }: BandPicture): SVGTemplateResult {
  const every = NUMBERED.find(({ from }) => band.step >= from)?.every ?? 4;
  const left = band.tracks[0]?.x ?? 0;
  const shown = Array.from({ length: window.count }, (_, at) => at).filter(
    (at) => positionAt(window, capacity, at) % every === 0,
  );
  return svg`${shown.map((at) => {
    const position = positionAt(window, capacity, at);
    const x = left + (at + 0.5) * band.step;
    return svg`<text class=${position === 0 ? "number first" : "number"} text-anchor="middle" x=${x} y=${band.axis}>${position}</text>`;
  })}`;
}

/** A triangle for an index, hollow and larger when it is a side's own; a bar with a foot for a threshold. */
export function tipPath(x: number, tip: number, down: boolean, kind: Kind): string {
  const away = down ? -1 : 1;
  if (kind === "threshold") return `M${x - 5} ${tip + away * 8}H${x + 5}M${x} ${tip + away * 8}V${tip}`;
  return kind === "private" ? `M${x} ${tip}l-6.5 ${away * 11}h13z` : `M${x} ${tip + away * 1.5}l-4.5 ${away * 7.5}h9z`;
}

function drawn(flag: Flag, { freshIndices, beat, titleOf, colourOf }: BandPicture): SVGTemplateResult {
  const { pointer, x, tip, end, down, away, text } = flag;
  const { index } = pointer;
  const kind = kindOf(pointer);
  const label = svg`<text class="label" text-anchor=${text.anchor} x=${text.x} y=${text.y}>${away === "left" ? "◂ " : ""}${index.name} <tspan>${index.value}</tspan>${away === "right" ? " ▸" : ""}</text>`;
  const marked = freshIndices.has(index.name) ? svg`<path class="fresh-${beat}" d=${underline(flag)}/>` : nothing;
  return svg`<g class="flag ${kind}" style="color:${colourOf(index.side)}"><title>${titleOf(pointer)}</title>
    ${marked}${away ? nothing : svg`<path class="pole" d="M${x} ${tip + (down ? -1 : 1)}V${end}"/><path class="tip" d=${tipPath(x, tip, down, kind)}/>`}${label}</g>`;
}

/** The ground of a label that has changed. */
function underline({ text, pointer }: Flag): string {
  const width = (pointer.index.name.length + 1 + String(pointer.index.value).length) * 7.3 + 4;
  return `M${text.anchor === "start" ? text.x - 2 : text.x - width + 2} ${text.y - 12}h${width}v16h-${width}z`;
}
