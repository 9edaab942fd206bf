import type { Edge, Id } from "../picture.ts";

/** Where everything of the map lies, in CSS pixels from its top left corner. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

/** What can be chosen: it has a box, and lines lead to it. `y` of a line is its middle. */
export interface MapNode extends Box {
  readonly id: Id;
  readonly kind: "machine" | "stack" | "interface" | "loopback" | "link" | "gateway";
  /** What it is, of a link's gateway the link. */
  readonly inside: Id | undefined;
}

export interface MapFrame extends Box {
  readonly id: Id;
  readonly kind: "host" | "machine" | "namespace";
}

/**
 * `stack` from an interface to the routing of its namespace; `inner` from a link's port to the link itself; `nat` between
 * the two ends of a gateway that translates.
 */
export type LineKind = Edge["kind"] | "stack" | "inner" | "nat";

export interface MapLine {
  readonly id: Id;
  readonly kind: LineKind;
  readonly ends: readonly [Id, Id];
  /** From the first end to the second, every piece horizontal or vertical. */
  readonly points: readonly Point[];
  readonly carrier: boolean;
}

/** The inside of a link: a bar that all its cables end in. */
export interface MapBar {
  readonly id: Id;
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
  /** Heights where cables end in it. */
  readonly joints: readonly { readonly port: Id; readonly y: number }[];
}

export interface MapLayout {
  readonly width: number;
  readonly height: number;
  readonly frames: readonly MapFrame[];
  /** From top to bottom, those of one line from left to right. */
  readonly nodes: readonly MapNode[];
  readonly lines: readonly MapLine[];
  readonly bars: readonly MapBar[];
}

/** Heights: of a chip, and of the line it stands in. */
export const CHIP = 22;
export const ROW = 27;
/** Half of a frame's title, which sits on the frame's upper edge. */
export const LABEL = 9;
/** Between a frame and what is in it, and between frames. */
export const PAD = 8;
export const GAP = 7;
/** From a chip's left edge to the line that goes down from it: to ports of a bridge, and to the device below a VLAN. */
export const TRUNK = 10;
export const UPPER_TRUNK = 16;
/** From a chip's left edge to the chips on its line. */
export const INDENT = 22;
/** Interfaces deeper than this stand as deep as this. */
export const MOST_DEPTH = 4;
/** From lane to lane of wires, and of links' bars. */
export const LANE = 10;
export const BAR_LANE = 16;
/** A chip may be cut down to this. */
export const LEAST_CHIP = 118;
/** Wider than this a map does not get: its wires would only be longer. */
export const MOST_WIDTH = 720;

export const middle = ({ y, height }: Box): number => y + height / 2;
