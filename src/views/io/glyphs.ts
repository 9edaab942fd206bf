import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";
import type { IoEvent } from "../../probe/io/types.ts";

/**
 * The signs of what happens between a front and a back, in a square of 16. A hypercall goes down through a line, a
 * notification rings, an interrupt strikes; requests and responses go right and left; grants are pages.
 */
const SIGNS = {
  hypercall: svg`<path d="M2 11.5h12M8 2v6.4M5.2 5.8 8 8.6l2.8-2.8" />`,
  notify: svg`<path d="M3.5 11.5h9c-1.2-1.2-1.5-2.4-1.5-4.4a3 3 0 0 0-6 0c0 2-.3 3.2-1.5 4.4zM7 13.6h2M8 4V2.4"/>`,
  interrupt: svg`<path d="M9.6 1.8 4.2 9h3.6l-1.4 5.2L11.8 7H8.2z" fill="currentColor"/>`,
  request: svg`<path d="M2 8h10.5M9 4.5 12.5 8 9 11.5"/>`,
  response: svg`<path d="M14 8H3.5M7 4.5 3.5 8 7 11.5"/>`,
  "grant-map": svg`<path d="M3 2.5h6v8H3zM9 6h4v7.5H7v-3"/>`,
  "grant-unmap": svg`<path d="M3 2.5h6v8H3zM11 8l3.5 3.5M14.5 8 11 11.5"/>`,
  "grant-copy": svg`<path d="M2 2.5h5v7H2zM9 6.5h5v7H9zM8.5 3.5H12v1.6"/>`,
  "page-moved": svg`<path d="M4.5 2.5h7v7h-7zM2 13h11M10.6 10.8 13 13l-2.4 2.2"/>`,
  state: svg`<circle cx="8" cy="8" r="5.4"/><path d="M8 2.6a5.4 5.4 0 0 1 0 10.8z" fill="currentColor"/>`,
  "port-read": svg`<path d="M9.5 2.5h4v11h-4M10 8H2.5M5.3 5.2 2.5 8l2.8 2.8"/>`,
  "port-write": svg`<path d="M9.5 2.5h4v11h-4M2 8h7.5M6.7 5.2 9.5 8l-2.8 2.8"/>`,
} satisfies Readonly<Record<IoEvent["kind"], SVGTemplateResult>>;

export type SignName = keyof typeof SIGNS;

/** The drawing itself, to be set into another picture. */
export const signShape = (name: SignName): SVGTemplateResult => SIGNS[name];

/** A sign in the text's colour. It says nothing to a screen reader: words stand beside it. */
export function sign(name: SignName): TemplateResult {
  return html`<svg class="sign" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"
    stroke-linejoin="round" aria-hidden="true">${SIGNS[name]}</svg>`;
}
