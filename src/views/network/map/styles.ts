import { css } from "lit";
import { packetStyles } from "../packet-styles.ts";
import { detailStyles } from "./detail-styles.ts";

const frames = css`
  :host {
    display: flex;
    flex-direction: column;
    min-width: 0;
    min-height: 0;
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }
  .scroll {
    position: relative;
    flex: 0 1 auto;
    min-height: 0;
    padding: 2px var(--space-3) var(--space-2);
    overflow: auto;
  }
  .map {
    position: relative;
    margin: 0 auto;
  }
  .wires {
    position: absolute;
    inset: 0;
    overflow: visible;
    pointer-events: none;
  }
  .frame {
    position: absolute;
    border: 1px solid var(--line);
    border-radius: 8px;
  }
  .frame.host {
    border: 1px solid var(--control-line);
  }
  .frame.machine {
    border: 1.5px solid color-mix(in srgb, var(--own) 65%, var(--surface-0));
  }
  .frame.machine.stands {
    border-style: dashed;
  }
  .frame.namespace {
    border: 1px dashed var(--control-line);
  }
  .frame .title {
    position: absolute;
    top: -9px;
    left: 10px;
    max-width: calc(100% - 20px);
    padding: 0 5px;
    overflow: hidden;
    background: var(--surface-0);
    color: var(--text-2);
    font-weight: 600;
    line-height: 18px;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .frame.host .title {
    right: 10px;
    left: auto;
    font-weight: 400;
  }
  .unread {
    position: absolute;
    bottom: 6px;
    left: 12px;
    color: var(--text-2);
  }
`;

const nodes = css`
  .node {
    position: absolute;
    justify-content: flex-start;
    gap: 7px;
    min-height: 0;
    padding: 0 7px 0 6px;
    border: 1px solid var(--control-line);
    border-radius: 5px;
    background: var(--surface-1);
    font: 12px/1.2 var(--mono);
    overflow: hidden;
  }
  .node b {
    flex: none;
    font-weight: 600;
  }
  .node small {
    flex: none;
    color: var(--text-2);
    font: 12px var(--sans);
  }
  .node em {
    flex: none;
    color: var(--warn);
    font-style: normal;
    font-weight: 600;
  }
  .node em.cut {
    color: var(--exit);
  }
  .node .glyph {
    margin-right: -1px;
    color: var(--text-2);
  }
  .node .address {
    min-width: 0;
    overflow: hidden;
    color: var(--text-2);
    text-overflow: ellipsis;
  }
  .node .shape {
    flex: 0 1 auto;
    min-width: 0;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .tag-in {
    flex: none;
    color: var(--text-2);
  }
  .node:focus-visible {
    outline-offset: 1px;
    z-index: 3;
  }
  .node.machine {
    gap: 6px;
    padding: 0 5px;
    border-color: transparent;
    background: var(--surface-0);
    line-height: 16px;
  }
  .node.machine .letter {
    line-height: 14px;
  }
  .node.stack {
    padding: 0 7px;
    border-radius: 11px;
    background: var(--surface-2);
  }
  .node.stack .mark {
    display: inline-flex;
    flex: none;
    align-items: center;
    gap: 4px;
    font: 12px var(--sans);
  }
  .node.stack .mark .glyph {
    color: var(--accent);
  }
  .node.loopback {
    border-color: var(--line);
  }
  .node.down {
    border-style: dashed;
    color: var(--text-2);
  }
  .node.silent {
    border-style: dashed;
  }
  .node.link {
    border-width: 1px;
    border-color: var(--text-2);
    background: var(--surface-2);
  }
  .node.gateway {
    background: var(--surface-2);
  }
  .node.passed {
    border-color: var(--wire);
    box-shadow: 0 0 0 1px var(--wire);
  }
  .node.hop {
    background: color-mix(in srgb, var(--wire) 22%, var(--surface-1));
  }
  .node[aria-pressed="true"] {
    border-color: var(--accent);
    background: var(--accent-soft);
    color: var(--text);
    box-shadow: 0 0 0 1px var(--accent);
  }
  .node.machine[aria-pressed="true"] {
    box-shadow: none;
  }
  .numbers {
    position: absolute;
    z-index: 2;
    padding: 0 3px;
    border-radius: 3px;
    background: var(--wire);
    color: var(--surface-1);
    font: 700 11px/13px var(--mono);
    pointer-events: none;
  }
  .numbers.port,
  .tag.before {
    transform: translateX(-100%);
  }
  .tag {
    position: absolute;
    padding: 0 3px;
    background: var(--surface-0);
    color: var(--text-2);
    font: 11px/16px var(--mono);
    white-space: nowrap;
    pointer-events: none;
  }
`;

const lines = css`
  .line {
    fill: none;
    stroke: var(--control-line);
    stroke-width: 1.5;
    stroke-linejoin: round;
  }
  .line.stack {
    stroke-width: 1;
  }
  .line.port {
    stroke: var(--text-2);
    stroke-width: 3;
  }
  .line.upper {
    stroke-dasharray: 4 2;
  }
  .line.ring {
    stroke: var(--text-2);
    stroke-width: 4;
  }
  .core {
    fill: none;
    stroke: var(--surface-0);
    stroke-width: 1.6;
  }
  .line.cable,
  .line.nat {
    stroke: var(--text-2);
  }
  .line.nat {
    stroke-dasharray: 7 3;
  }
  .line.broken {
    stroke-dasharray: 2 4;
  }
  .gap {
    fill: none;
    stroke: var(--surface-0);
    stroke-width: 7;
  }
  .bar {
    fill: none;
    stroke: var(--text-2);
    stroke-width: 5;
    stroke-linecap: round;
  }
  .bar.held {
    stroke: var(--warn);
  }
  .bar.cut {
    stroke: var(--exit);
    stroke-dasharray: 7 7;
  }
  .joint {
    fill: var(--surface-0);
    stroke: var(--text-2);
    stroke-width: 2;
  }
  .joint.broken {
    stroke: var(--exit);
  }
  .cross {
    fill: none;
    stroke: var(--exit);
    stroke-width: 2;
  }
  .pin {
    fill: var(--text-2);
  }
  .track {
    fill: none;
    stroke: var(--wire);
    stroke-width: 3;
    stroke-linejoin: round;
    stroke-linecap: round;
  }
  .lost {
    fill: none;
    stroke: var(--exit);
    stroke-width: 2.5;
    stroke-linecap: round;
  }
  .tracks {
    position: absolute;
    inset: 0;
    overflow: visible;
    pointer-events: none;
  }
  .frames {
    position: absolute;
    inset: 0;
    z-index: 2;
    pointer-events: none;
  }
  .frames > * {
    position: absolute;
    top: 0;
    left: 0;
    offset-rotate: 0deg;
  }
  .frames svg.packet {
    width: 17px;
    height: 17px;
  }
`;

/** The styles of the map, and of what stands below it. */
export const mapStyles = [packetStyles, frames, nodes, lines, detailStyles];
