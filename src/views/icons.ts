import { html, type SVGTemplateResult, svg, type TemplateResult } from "lit";

const PATHS = {
  play: svg`<path d="M5 3.2v9.6L12.6 8z" fill="currentColor" stroke="none"/>`,
  pause: svg`<path d="M5 3.5v9M11 3.5v9" stroke-width="2.4"/>`,
  save: svg`<path d="M4 2.5h8v11l-4-3-4 3z"/>`,
  back: svg`<path d="M3 8a5 5 0 1 0 1.6-3.7M3 2.6v3.2h3.2"/>`,
  restart: svg`<path d="M8 2v5.5M4.7 4.2a5 5 0 1 0 6.6 0"/>`,
  search: svg`<circle cx="7" cy="7" r="4.2"/><path d="m10.2 10.2 3.3 3.3"/>`,
  copy: svg`<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2"/>`,
  check: svg`<path d="m3.5 8.5 3 3 6-7" stroke-width="2"/>`,
  cross: svg`<path d="m4 4 8 8M12 4l-8 8" stroke-width="1.8"/>`,
  table: svg`<rect x="2.5" y="3" width="11" height="10" rx="1"/><path d="M2.5 6.5h11M2.5 9.8h11M6.5 3v10"/>`,
  strip: svg`<path d="M2 11.5h2l2-7 2.5 7L10.5 7l1.2 4.5H14"/>`,
  up: svg`<path d="m4 10 4-4 4 4"/>`,
  down: svg`<path d="m4 6 4 4 4-4"/>`,
  left: svg`<path d="M10 4 6 8l4 4"/>`,
  right: svg`<path d="m6 4 4 4-4 4"/>`,
  grow: svg`<path d="M9.5 2.5h4v4M6.5 13.5h-4v-4M13.5 2.5 9 7M2.5 13.5 7 9"/>`,
  shrink: svg`<path d="M13 7H9V3M3 9h4v4M9 7l4.5-4.5M7 9l-4.5 4.5"/>`,
  columns: svg`<rect x="2.5" y="3" width="11" height="10" rx="1"/><path d="M8 3v10"/>`,
  rows: svg`<rect x="2.5" y="3" width="11" height="10" rx="1"/><path d="M2.5 8h11"/>`,
  speech: svg`<path d="M2.5 3.5h11v7H8L5 13.3V10.5H2.5zM5 6h6M5 8.2h4"/>`,
  sun: svg`<circle cx="8" cy="8" r="3"/><path d="M8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M3.4 12.6l1.1-1.1M11.5 4.5l1.1-1.1"/>`,
  moon: svg`<path d="M13.2 9.8A5.6 5.6 0 0 1 6.2 2.8a5.6 5.6 0 1 0 7 7z"/>`,
  auto: svg`<circle cx="8" cy="8" r="5.5"/><path d="M8 2.5a5.5 5.5 0 0 1 0 11z" fill="currentColor"/>`,
  keys: svg`<rect x="1.5" y="4" width="13" height="8" rx="1.5"/><path d="M4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M5 9.5h6" stroke-width="1.7"/>`,
  hint: svg`<path d="M6 12.5h4M6.5 14.2h3M5.9 10.8C5.7 9.3 4 8.5 4 6.2a4 4 0 0 1 8 0c0 2.3-1.7 3.1-1.9 4.6z"/>`,
  warning: svg`<path d="M8 2.5 14 13H2zM8 6.5v3M8 11.3v.01"/>`,
  terminal: svg`<path d="m3 4.5 3.5 3.5L3 11.5M8.5 12h5" stroke-width="1.7"/>`,
} satisfies Record<string, SVGTemplateResult>;

export type IconName = keyof typeof PATHS;

/** A 16 px line drawing in the text's colour. It says nothing to a screen reader: the button around it must. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.4"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${PATHS[name]}</svg>`;
}

/** Ringside's own mark: the rings of privilege, and the one seat beside them. */
export function mark(): TemplateResult {
  return html`<svg class="mark" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">
    <path d="M12 2.5a9.5 9.5 0 1 0 9.5 9.5"/><path d="M12 6.8a5.2 5.2 0 1 0 5.2 5.2"/>
    <circle cx="12" cy="12" r="1.6" fill="currentColor" stroke="none"/><circle cx="18.7" cy="5.3" r="2.3" fill="var(--accent)" stroke="none"/>
  </svg>`;
}
