import { html, nothing, svg, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Letters } from "../../io/parties.ts";
import { machineColour } from "../../machine.ts";
import { gatewayGlyph, kindGlyph, linkGlyph, routesGlyph, translatesGlyph } from "../glyphs.ts";
import { portOf } from "../picture/ids.ts";
import type { Id, NetworkPicture } from "../picture.ts";
import { type Thing, thingOf } from "../things.ts";
import type { NetworkWords } from "../words/words.ts";
import { type MapFrame, type MapLayout, type MapLine, type MapNode, middle, type Point } from "./geometry.ts";
import { conditionText, gatewayText, interfaceText, linkOfPort, machineTitle, shapeText, vlanText } from "./labels.ts";
import { aboutThing } from "./names.ts";
import { pathData } from "./paths.ts";

/** Everything the map's drawing is made from. */
export interface MapDrawing {
  readonly picture: NetworkPicture;
  readonly layout: MapLayout;
  readonly words: NetworkWords;
  readonly letters: Letters;
  readonly chosen: Id | undefined;
  /** The node the arrow keys go on from: the only one Tab stops at. */
  readonly cursor: Id | undefined;
  /** Things that have just changed, with the beat of their mark. */
  readonly fresh: ReadonlyMap<Id, 0 | 1>;
  /** Numbers of the chosen packet's hops, by where they are; the chosen hop's place. */
  readonly hops: ReadonlyMap<Id, readonly number[]>;
  readonly hop: Id | undefined;
  /** The chosen packet's way, below what it leads through. */
  readonly tracks: unknown;
  choose(id: Id): void;
}

const place = ({ x, y, width, height }: MapNode | MapFrame) =>
  `left:${x}px;top:${y}px;width:${width}px;height:${height}px`;

export function mapDrawing(drawing: MapDrawing): TemplateResult {
  const { layout } = drawing;
  return html`${layout.frames.map((frame) => frameDrawing(frame, drawing))}
    <svg class="wires" width=${layout.width} height=${layout.height} aria-hidden="true">${wires(drawing)}</svg>
    ${drawing.tracks}${labels(drawing)}${portNumbers(drawing)}
    ${repeat(
      layout.nodes,
      ({ id }) => id,
      (node) => nodeDrawing(node, drawing),
    )}`;
}

function frameDrawing(frame: MapFrame, { picture, words, letters, fresh }: MapDrawing): TemplateResult {
  const { id, kind } = frame;
  const thing = thingOf(picture, id);
  const machine = thing?.kind === "machine" ? thing.machine : undefined;
  const colour = machine ? machineColour(letters[machine.name] ?? "") : "";
  const title =
    kind === "host"
      ? words.map.host(id.slice("host:".length))
      : thing?.kind === "namespace"
        ? thing.namespace.label
        : undefined;
  const mark = fresh.has(id) ? `fresh-${fresh.get(id)}` : "";
  return html`<div class="frame ${kind} ${machine && !machine.running ? "stands" : ""} ${mark}" style="${place(frame)};--own:${colour}">
    ${title === undefined ? nothing : html`<span class="title">${title}</span>`}
    ${machine && !machine.namespaces ? html`<span class="unread">${words.map.unread}</span>` : nothing}</div>`;
}

/** Lines from the stacks outwards; a wire that crosses others leaves a gap in them. */
const ORDER: readonly MapLine["kind"][] = ["stack", "upper", "port", "veth", "ring", "nat", "cable", "inner"];

function wires({ layout, picture, fresh }: MapDrawing) {
  const lines = layout.lines
    .filter(({ points }) => points.length > 1)
    .sort(
      (one, other) =>
        ORDER.indexOf(one.kind) - ORDER.indexOf(other.kind) || Number(one.carrier) - Number(other.carrier),
    );
  return svg`${layout.bars.map(({ id, x, top, bottom }) => {
    const chip = layout.nodes.find((node) => node.id === id)!;
    const report = picture.fabric.find((link) => link.id === id)?.report;
    const state = report?.cut ? "cut" : report?.held ? "held" : "";
    return svg`<path class="bar ${state}" d="M${x} ${top}V${bottom}M${x} ${middle(chip)}H${chip.x + chip.width}"/>`;
  })}${lines.map((line) => wire(line, fresh.get(line.id)))}${layout.bars.map(({ id, x, joints }) =>
    joints.map(({ port, y }) => joint(picture, id, port, { x, y })),
  )}`;
}

function wire({ kind, points, carrier }: MapLine, beat: 0 | 1 | undefined) {
  const data = pathData(points);
  const over = kind === "veth" || kind === "ring" || kind === "nat" || kind === "cable";
  const [start, end] = [points[0]!, points.at(-1)!];
  const pins = kind === "veth" || kind === "ring" || kind === "nat" ? [start, end] : kind === "cable" ? [start] : [];
  return svg`${over ? svg`<path class="gap" d=${data}/>` : nothing}
    <path class="line ${kind} ${carrier ? "" : "broken"} ${beat === undefined ? "" : `fresh-${beat}`}" d=${data}/>
    ${kind === "ring" ? svg`<path class="core" d=${data}/>` : nothing}
    ${pins.map(({ x, y }) => svg`<rect class="pin ${kind}" x=${x - 2} y=${y - 3.5} width="4" height="7" rx="1"/>`)}`;
}

/** Where a cable ends in its link: filled with a carrier, crossed out without. */
function joint(picture: NetworkPicture, link: Id, port: Id, { x, y }: Point) {
  const report = picture.fabric.find(({ id }) => id === link)?.report;
  const carrier = report?.ports.find(({ name }) => name === portOf(port)?.port)?.carrier ?? false;
  return svg`<circle class="joint ${carrier ? "" : "broken"}" cx=${x} cy=${y} r="4"/>
    ${carrier ? nothing : svg`<path class="cross" d="M${x - 13} ${y - 4}l8 8m0-8l-8 8"/>`}`;
}

/** Numbers of hops at ports of links, where their cables end. */
function portNumbers({ layout, hops }: MapDrawing) {
  return layout.bars.flatMap(({ x, joints }) =>
    joints.map(({ port, y }) =>
      hops.has(port) && !layout.nodes.some(({ id }) => id === port)
        ? html`<span class="numbers port" aria-hidden="true" style="left:${x - 8}px;top:${y - 16}px">${hops.get(port)!.join("·")}</span>`
        : nothing,
    ),
  );
}

/** VLANs on cables, beside the card they are for. */
function labels({ layout, picture, words }: MapDrawing) {
  return layout.lines.map(({ kind, ends, points }) => {
    if (kind !== "cable") return nothing;
    const name = portOf(ends[1])?.port;
    const port = linkOfPort(picture, ends[1])?.ports.find((one) => one.name === name);
    const text = port && vlanText(port, words);
    // of a machine that was not read, its cable has no room beside it
    const before = ends[0].startsWith("machine:");
    const { x, y } = points[0]!;
    return text
      ? html`<span class="tag ${before ? "before" : ""}" style="left:${before ? x - 8 : x + 8}px;top:${y - 8}px">${text}</span>`
      : nothing;
  });
}

function nodeDrawing(node: MapNode, drawing: MapDrawing): TemplateResult {
  const { id, kind } = node;
  const { picture, chosen, cursor, fresh, hops, hop } = drawing;
  const thing = thingOf(picture, id);
  const numbers = hops.get(id) ?? [];
  const about = aboutThing(id, picture, numbers, drawing.words);
  const mark = kind !== "machine" && fresh.has(id) ? `fresh-${fresh.get(id)}` : "";
  return html`<button class="node ${kind} ${stateClass(thing)} ${numbers.length > 0 ? "passed" : ""} ${hop === id ? "hop" : ""} ${mark}"
      style=${place(node)} data-id=${id} tabindex=${cursor === id ? 0 : -1} aria-pressed=${chosen === id ? "true" : "false"}
      title=${about} @click=${() => drawing.choose(id)}>${content(thing, node, drawing)}${about ? html`<span class="unseen">, ${about}</span>` : nothing}</button>
    ${numbers.length > 0 ? html`<span class="numbers" aria-hidden="true" style="left:${node.x + node.width + 3}px;top:${node.y - 3}px">${numbers.join("·")}</span>` : nothing}`;
}

function stateClass(thing: Thing | undefined): string {
  if (thing?.kind !== "interface") return "";
  const { link } = thing.box;
  return !link.up ? "down" : link.carrier ? "" : "silent";
}

function content(
  thing: Thing | undefined,
  { id, kind, inside }: MapNode,
  { picture, layout, words, letters }: MapDrawing,
) {
  const text = words.map;
  switch (thing?.kind) {
    case "machine": {
      const { name } = thing.machine;
      const framed = layout.frames.some(({ id }) => id === `host:${thing.machine.host}`);
      const [, ...more] = machineTitle(thing.machine, framed, words);
      return html`<span class="letter" style="color:${machineColour(letters[name] ?? "")}">${letters[name]}</span> <b>${name}</b>${more.map((one) => html` <small>${one}</small>`)}`;
    }
    case "namespace": {
      const { routes, translates } = thing.namespace;
      return html`<b>${text.stack}</b>${routes ? html` <span class="mark">${routesGlyph()}${text.routes}</span>` : nothing}
        ${translates ? html` <span class="mark">${translatesGlyph()}${text.translates}</span>` : nothing}`;
    }
    case "interface": {
      const { name, tag, address, more, state } = interfaceText(thing.box, words, thing.namespace.namespace.vlans);
      return html`${kindGlyph(thing.box.link.kind)}<b>${name}</b>${tag ? html` <span class="tag-in">${tag}</span>` : nothing}
        ${address ? html` <span class="address">${address}</span>` : nothing}${more > 0 ? html` <small>${text.more(more)}</small>` : nothing}
        ${state ? html` <em>${state}</em>` : nothing}`;
    }
    case "link": {
      const { report } = thing.link;
      const condition = conditionText(report, words);
      return html`${linkGlyph(report.kind)}<b>${report.link}</b> <small>${text.links[report.kind]}</small>
        ${shapeText(report, words).map((one) => html` <small class="shape">${one}</small>`)}${condition ? html` <em class=${report.cut ? "cut" : "held"}>${condition}</em>` : nothing}`;
    }
    default: {
      // a port that is on the map is a gateway's
      if (kind !== "gateway") return nothing;
      const report = linkReport(picture, inside);
      return html`${gatewayGlyph()}<b>${text.gateway}</b> <span class="address">${gatewayText(id, report)}</span>`;
    }
  }
}

const linkReport = ({ fabric }: NetworkPicture, id: Id | undefined) => fabric.find((link) => link.id === id)?.report;
