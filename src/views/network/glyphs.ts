import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import type { LinkReport } from "../../network/reports.ts";
import type { Colour } from "./picture.ts";

/** Signs of the network's things, in a square of 16. They say nothing to a screen reader: words stand beside them. */

const KINDS: Readonly<Record<string, SVGTemplateResult>> = {
  "": svg`<path d="M2.5 4h11v6h-3v3h-5v-3h-3zM5.5 6.2v1.6M8 6.2v1.6M10.5 6.2v1.6"/>`,
  bridge: svg`<path d="M2 11.5V9a6 6 0 0 1 12 0v2.5M2 11.5h12M5.4 5.2v6.3M8 3v8.5M10.6 5.2v6.3"/>`,
  veth: svg`<circle cx="3.8" cy="8" r="2.1"/><circle cx="12.2" cy="8" r="2.1"/><path d="M5.9 8h4.2"/>`,
  vif: svg`<circle cx="8" cy="8" r="5.4"/><circle cx="8" cy="8" r="2.4"/><path d="M8 2.6v3M8 10.4v3"/>`,
  vlan: svg`<path d="M2.5 4.5h6L13 8l-4.5 3.5h-6zM5 8h.01" stroke-width="1.6"/>`,
  loopback: svg`<path d="M11.5 4.2A5 5 0 1 0 13 8M13.2 3v2.8h-2.8"/>`,
  tunnel: svg`<path d="M2 5.5h12M2 10.5h12M4.5 8h1.6M7.4 8H9M10.3 8h1.6"/>`,
  plain: svg`<rect x="3" y="4.5" width="10" height="7" rx="1.5"/>`,
};

const TUNNELS = new Set(["vxlan", "gre", "gretap", "tun", "ipip", "sit", "wireguard"]);

/** @param kind of an interface (IFLA_INFO_KIND) */
export const kindGlyph = (kind: string): TemplateResult =>
  glyph(KINDS[TUNNELS.has(kind) ? "tunnel" : kind] ?? KINDS.plain!);

const LINKS: Readonly<Record<LinkReport["kind"], SVGTemplateResult>> = {
  switch: svg`<rect x="1.5" y="5" width="13" height="6" rx="1"/><path d="M4 8h3.5M6 6.8 7.5 8 6 9.2M12 8H8.7" stroke-width="1.1"/>`,
  hub: svg`<circle cx="8" cy="8" r="2"/><path d="M8 6V2.5M8 10v3.5M6 8H2.5M10 8h3.5"/>`,
  wire: svg`<path d="M1.5 8h13M1.5 5.8v4.4M14.5 5.8v4.4"/>`,
};

export const linkGlyph = (kind: LinkReport["kind"]): TemplateResult => glyph(LINKS[kind]);

export const gatewayGlyph = (): TemplateResult =>
  glyph(
    svg`<circle cx="8" cy="8" r="5.6"/><path d="M5 6.3h5.6M9 4.8l1.7 1.5L9 7.8M11 9.8H5.4M7 8.3 5.3 9.8 7 11.3" stroke-width="1.1"/>`,
  );

export const routesGlyph = (): TemplateResult =>
  glyph(svg`<path d="M2 5.5h11M10.4 3 13 5.5 10.4 8M14 10.8H3M5.6 8.3 3 10.8l2.6 2.5"/>`);

export const translatesGlyph = (): TemplateResult =>
  glyph(svg`<path d="M2 8h3.4M10.6 8H14M5.4 4h5.2v8H5.4zM12.2 6.2 14 8l-1.8 1.8"/>`);

const glyph = (drawing: SVGTemplateResult): TemplateResult =>
  html`<svg class="glyph" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.3" stroke-linecap="round"
    stroke-linejoin="round" aria-hidden="true">${drawing}</svg>`;

/** Where a packet was lost. */
export const crossGlyph = (): TemplateResult =>
  html`<svg class="packet" viewBox="0 0 16 16" aria-hidden="true"><path class="lost" d="M3 3l10 10m0-10L3 13"/></svg>`;

/** Kinds of packets, in the order they are listed. */
export const COLOURS: readonly Colour[] = ["arp", "icmp", "udp", "tcp", "other"];

/** A packet's sign: a shape and a letter for each kind, so that its colour is never all. */
const PACKETS: Readonly<Record<Colour, { readonly shape: SVGTemplateResult; readonly letter: string }>> = {
  arp: { shape: svg`<path d="M8 .5 15.5 8 8 15.5.5 8z"/>`, letter: "A" },
  icmp: { shape: svg`<circle cx="8" cy="8" r="7"/>`, letter: "I" },
  udp: { shape: svg`<rect x="1.5" y="1.5" width="13" height="13" rx="1.5"/>`, letter: "U" },
  tcp: { shape: svg`<path d="M4.4 1.2h7.2L15.4 8l-3.8 6.8H4.4L.6 8z"/>`, letter: "T" },
  other: { shape: svg`<path d="M8 1 15.2 14.5H.8z"/>`, letter: "·" },
};

export function packetGlyph(colour: Colour): TemplateResult {
  const { shape, letter } = PACKETS[colour];
  return html`<svg class="packet ${colour}" viewBox="0 0 16 16" aria-hidden="true"><g class="shape">${shape}</g><text x="8" y=${
    colour === "other" ? 12.6 : 11.4
  }>${letter}</text></svg>`;
}
